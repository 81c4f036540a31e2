import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { leadsOutside } from '../../src/checks/linkTarget.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';

let place: string;

beforeAll(() => {
  place = realpathSync(temporaryDirectory());
});
afterAll(() => {
  removeDirectory(place);
});

const part = fc.constantFrom('..', '..', '..', '.', 'a', 'b', 'c', 'd');
const target = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const linkPath = fc.constantFrom('l', 'm', 'a/l', 'a/m', 'a/b/l', 'c/l', 'd', 'a/d');
const links = fc.dictionary(linkPath, fc.oneof(target, fc.constantFrom('l', 'm', 'a/l/..', 'd/../..', 'm/../b')), {
  minKeys: 1,
  maxKeys: 5,
});

it('a link leads where the system says that it leads', () => {
  let outside = 0;
  fc.assert(
    fc.property(links, (made) => {
      const around = mkdtempSync(join(place, 'x'));
      const root = join(around, 'up', 'root');
      try {
        // Folders around it, so that what leads out finds something; none has a name by which a way leads in again.
        for (const folder of ['a/b', 'c']) mkdirSync(join(root, folder), { recursive: true });
        for (const folder of ['a', 'b', 'up/a', 'up/b']) mkdirSync(join(around, folder), { recursive: true });
        for (const [path, to] of Object.entries(made)) symlinkSync(to, join(root, path));
        writeFileSync(join(root, 'c', 'file'), '');
        const lead = leadsOutside(new Map(Object.entries(made)));
        for (const path of Object.keys(made)) {
          const real = reached(join(root, path));
          if (real === undefined) continue;
          const isOutside = real !== root && !real.startsWith(`${root}/`);
          if (isOutside) outside += 1;
          expect(lead(path) !== undefined, `${path} of ${JSON.stringify(made)}`).toBe(isOutside);
        }
      } finally {
        rmSync(around, { recursive: true, force: true });
      }
    }),
    { numRuns: 400 },
  );
  expect(outside).toBeGreaterThan(20);
});

function reached(path: string): string | undefined {
  try {
    // Not Node's own, which takes ".." after a link for what it looks like.
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
