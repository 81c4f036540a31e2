import { join } from 'node:path';
import { openBed } from './bed.ts';
import { openBullQueue } from './bullmq.ts';
import { ratePerSecond } from './crowd.ts';
import { appendTimes } from './diskProbe.ts';
import { noopRunner } from './noopRunner.ts';
import { hasRedis, startRedis, type AppendFsync } from './redisServer.ts';
import { atLeast, ms, perSecond, skipped, told, type Row } from './row.ts';
import { makeRepository } from './sampleRepository.ts';
import { specAtHead } from './sampleSpec.ts';
import { median } from './statistics.ts';
import { withTemporary } from './temporary.ts';

const JOBS = 5000;
const AT_ONCE = 8;
const ROUNDS = 5;

/** Submits one job: resolves when that is acknowledged, with what resolves at the job's end. */
type Start = (number: number) => Promise<{ readonly end: Promise<void> }>;

/** `followed`: each of eight callers submits and waits for the end, as facts/performance.md did. `ahead`: it submits on. */
interface Rates {
  readonly followed: number;
  readonly ahead: number;
}

/** Jobs a second end to end with a runner that does nothing: the relay and BullMQ by turns, each on a fresh record. */
export async function queue(): Promise<readonly Row[]> {
  return withTemporary(async (directory) => {
    const repository = join(directory, 'repository');
    makeRepository(repository, 10, 100);
    const redis = hasRedis();
    const ours: Rates[] = [];
    const always: Rates[] = [];
    const everySecond: Rates[] = [];
    const disk: number[] = [];
    // The first round warms all of them up.
    for (let round = -1; round < ROUNDS; round++) {
      disk.push(...(await appendTimes(join(directory, 'probe'), Buffer.alloc(1600, 'x'), 100)));
      const relay = await relayRates(join(directory, `relay${round}`), repository);
      if (round >= 0) ours.push(relay);
      if (!redis) continue;
      const durable = await bullRates(join(directory, `always${round}`), 'always');
      const lazy = await bullRates(join(directory, `everysec${round}`), 'everysec');
      if (round < 0) continue;
      always.push(durable);
      everySecond.push(lazy);
    }
    const probe = told('  … an append + fsync meanwhile (0.2 to 0.4 on an idle disk here)', ms(median(disk)));
    return [...rowsOf(ours, redis ? { always, everySecond } : undefined), probe];
  });
}

function rowsOf(
  ours: readonly Rates[],
  peers: { readonly always: readonly Rates[]; readonly everySecond: readonly Rates[] } | undefined,
): readonly Row[] {
  const followed = (rates: readonly Rates[]) => perSecond(median(rates.map((rate) => rate.followed)));
  const ahead = (rates: readonly Rates[]) => perSecond(median(rates.map((rate) => rate.ahead)));
  const what = `${JOBS} no-op jobs end to end, ${AT_ONCE} at once, every change awaited`;
  if (peers === undefined) {
    const why = 'no redis-server on PATH';
    return [told(what, followed(ours)), skipped('  … against BullMQ, always', why), skipped('  … everysec', why)];
  }
  const { always, everySecond } = peers;
  return [
    atLeast(`${what}, BullMQ always`, followed(ours), followed(always), 1),
    atLeast('  … BullMQ everysec', followed(ours), followed(everySecond), 0.7),
    told('  … submitted on without waiting for the end, BullMQ always', ahead(ours), ahead(always)),
    told('  … the same, BullMQ everysec', ahead(ours), ahead(everySecond)),
  ];
}

async function ratesOf(start: Start): Promise<Rates> {
  const followed = await ratePerSecond(JOBS, AT_ONCE, async (number) => (await start(number)).end);
  const begun = performance.now();
  const ends: Promise<void>[] = [];
  await ratePerSecond(JOBS, AT_ONCE, async (number) => ends.push((await start(number)).end));
  await Promise.all(ends);
  return { followed, ahead: (JOBS * 1000) / (performance.now() - begun) };
}

async function relayRates(directory: string, repository: string): Promise<Rates> {
  const bed = await openBed({ directory, repository, concurrency: AT_ONCE, runner: noopRunner });
  try {
    return await ratesOf(async (number) => ({ end: bed.ended(await bed.submit(specAtHead(number))) }));
  } finally {
    await bed.close();
  }
}

async function bullRates(directory: string, appendFsync: AppendFsync): Promise<Rates> {
  const server = await startRedis(directory, appendFsync);
  try {
    const bull = await openBullQueue(server.port, AT_ONCE);
    const rates = await ratesOf(async (number) => ({ end: bull.completed(await bull.add(number)) }));
    await bull.close();
    return rates;
  } finally {
    await server.close();
  }
}
