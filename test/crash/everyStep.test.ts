import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import { startChildHost, type ChildHost } from '../fixtures/childHost.ts';
import { makeRepository, photographFiles, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost } from '../fixtures/testHost.ts';

/** Of all steps, every so manieth is tried; all of them in `npm run test:long`. */
const STRIDE = Number(process.env['RELAY_STRIDE'] ?? 7);

const change = 'echo more >> a.txt; rm src/b.txt; mkdir -p new/deep; echo x > new/deep/c.txt; chmod +x run.sh';

let directory: string;
let repository: string;
let cache: string;

beforeEach(() => {
  directory = temporaryDirectory();
  cache = join(directory, 'cache');
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n', 'src/b.txt': 'b\n', 'run.sh': '#!/bin/sh\n' });
});
afterEach(() => removeDirectory(directory));

const start = (mortal = true): Promise<ChildHost> =>
  startChildHost({ directory: repository, cache, ...(mortal ? { mortal: true } : {}) });

/** What the next host finds, once it has recovered. */
async function deliveryOf(jobId: JobId): Promise<string> {
  const next = await openTestHost({ directory: repository, cache });
  const { delivery } = await next.view(jobId);
  await next.close();
  return delivery ?? '';
}

describe('a host that is killed ahead of any step', () => {
  it.each(['apply', 'undo'] as const)(
    'of an %s leaves the tree as before or as after',
    async (act) => {
      const first = await start(false);
      const { jobId } = await first.run(command(change));
      const before = photographFiles(repository);
      must(await first.apply(jobId));
      const after = photographFiles(repository);
      if (act === 'apply') must(await first.undo(jobId));
      await first.close();

      const ends = { before: 0, after: 0 };
      for (let step = 1; ; step += STRIDE) {
        const host = await start();
        await host.dieAt(step);
        const outcome = await Promise.race([host[act](jobId).catch(() => 'killed'), host.exited]);
        if (outcome !== 'killed' && typeof outcome === 'object') {
          await host.close();
          break;
        }
        await host.exited;
        const delivery = await deliveryOf(jobId);
        const isThere = delivery === 'applied';
        expect(photographFiles(repository), `killed ahead of step ${String(step)}: ${delivery}`).toEqual(
          isThere ? after : before,
        );
        ends[isThere ? 'after' : 'before'] += 1;
        // Back to where it was.
        const again = await start(false);
        if (isThere && act === 'apply') must(await again.undo(jobId));
        if (!isThere && act === 'undo') must(await again.apply(jobId));
        await again.close();
      }
      process.stdout.write(
        `${act}: killed ahead of ${String(ends.before + ends.after)} steps, ${JSON.stringify(ends)}\n`,
      );
      expect(ends.before).toBeGreaterThan(0);
    },
    600_000,
  );
});
