import { join } from 'node:path';
import { openBed } from './bed.ts';
import { openBullQueue } from './bullmq.ts';
import { noopRunner } from './noopRunner.ts';
import { hasRedis, startRedis, type AppendFsync } from './redisServer.ts';
import { atLeast, perSecond, skipped, told, type Row } from './row.ts';
import { makeRepository } from './sampleRepository.ts';
import { specAtHead } from './sampleSpec.ts';
import { median } from './statistics.ts';
import { withTemporary } from './temporary.ts';

const JOBS = 5000;
const AT_ONCE = 8;
const ROUNDS = 3;
const WARM_UP_JOBS = 500;

/** Jobs a second from submit to heard end, every change on disk: the relay and BullMQ by turns, each on a fresh record. */
export async function queue(): Promise<readonly Row[]> {
  return withTemporary(async (directory) => {
    const repository = join(directory, 'repository');
    makeRepository(repository, 10, 100);
    const redis = hasRedis();
    const ours: number[] = [];
    const always: number[] = [];
    const everySecond: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await relayRate(join(directory, `relay-${round}`), repository));
      if (!redis) continue;
      always.push(await bullRate(join(directory, `always-${round}`), 'always'));
      everySecond.push(await bullRate(join(directory, `everysec-${round}`), 'everysec'));
    }
    const what = `jobs end to end (${JOBS}, no-op runner, ${AT_ONCE} at once)`;
    const rate = perSecond(median(ours));
    if (!redis) {
      const why = 'no redis-server on PATH';
      return [told(what, rate), skipped('  … against BullMQ, appendfsync always', why), skipped('  … everysec', why)];
    }
    return [
      atLeast(`${what}, against BullMQ, appendfsync always`, rate, perSecond(median(always)), 1),
      atLeast('  … against BullMQ, appendfsync everysec', rate, perSecond(median(everySecond)), 0.7),
    ];
  });
}

async function relayRate(directory: string, repository: string): Promise<number> {
  const bed = await openBed({ directory, repository, concurrency: AT_ONCE, runner: noopRunner });
  const run = async (jobs: number): Promise<number> => {
    let next = 0;
    const ended: Promise<void>[] = [];
    const caller = async (): Promise<void> => {
      for (let number = next++; number < jobs; number = next++) {
        ended.push(bed.ended(await bed.submit(specAtHead(number))));
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: AT_ONCE }, caller));
    await Promise.all(ended);
    return (jobs * 1000) / (performance.now() - started);
  };
  try {
    await run(WARM_UP_JOBS);
    return await run(JOBS);
  } finally {
    await bed.close();
  }
}

async function bullRate(directory: string, appendFsync: AppendFsync): Promise<number> {
  const server = await startRedis(directory, appendFsync);
  try {
    const bull = await openBullQueue(server.port, AT_ONCE);
    await bull.run(WARM_UP_JOBS, AT_ONCE);
    const rate = await bull.run(JOBS, AT_ONCE);
    await bull.close();
    return rate;
  } finally {
    await server.close();
  }
}
