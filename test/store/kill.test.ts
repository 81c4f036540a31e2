import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { JobId } from '../../src/domain/ids.ts';
import { kill, linesOf, startChild } from './child.ts';
import { inDirectory, openRecord, valueOf } from './record.ts';

const KILLS = 20;

it(
  'loses no acknowledged event to a kill at any moment',
  () =>
    inDirectory(async (directory) => {
      const acknowledged = new Map<JobId, number>();
      for (let round = 0; round < KILLS; round++) {
        const child = startChild('appender.ts', directory);
        const errors: string[] = [];
        child.stderr?.on('data', (data: Buffer) => errors.push(data.toString()));
        const lines = linesOf(child);
        const last = randomInt(1, 400);
        let count = 0;
        for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
          const [id, version] = line.value.split(' ');
          acknowledged.set(JobId.parse(id), Number(version));
          // What was written to the pipe before the kill is read after it.
          if (++count === last) await kill(child);
        }
        expect(errors.join('')).toBe('');
        expect(count).toBeGreaterThanOrEqual(last);

        const store = await openRecord(directory);
        for (const [id, version] of acknowledged) {
          const job = valueOf(await store.get(id));
          if (job.stateVersion < version) expect.fail(`job ${id} was at ${version} and is at ${job.stateVersion}`);
          expect(valueOf(await store.events(id))).toHaveLength(job.stateVersion);
        }
        const { total } = valueOf(await store.list({ limit: 1, offset: 0 }));
        expect(total).toBeGreaterThanOrEqual(acknowledged.size);
        await store.close();
      }
    }),
  120_000,
);
