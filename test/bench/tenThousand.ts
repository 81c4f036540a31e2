import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { Digest, ObjectId } from '../../src/domain/ids.ts';
import type { Runner } from '../../src/engine/runner.ts';
import { openHost } from '../../src/host.ts';
import { assets, must, openBed, type Bed } from './bed.ts';
import { inChild, type ChildTask, type Figures } from './child.ts';
import { ratePerSecond } from './crowd.ts';
import { limited, megabytes, ms, told, type Row } from './row.ts';
import { makeRepository } from './sampleRepository.ts';
import { specAtHead } from './sampleSpec.ts';
import { median, percentile } from './statistics.ts';
import { withTemporary } from './temporary.ts';

const JOBS = 10_000;
const AT_ONCE = 64;
const STARTS = 9;
const LISTS = 200;
/** Jobs that run before each snapshot of the measurement of memory. */
const JOBS_A_SNAPSHOT = 500;

/** A record with 10,000 finished jobs, each with the outcome of a small patch. */
export async function tenThousand(): Promise<readonly Row[]> {
  return withTemporary(async (directory) => {
    makeRepository(join(directory, 'repository'), 10, 100);
    const bed = await openRecord(directory);
    await runJobs(bed, JOBS);
    must(await bed.store.compact());
    await bed.close();
    const starts: Figures[] = [];
    for (let run = 0; run < STARTS; run++) starts.push(await inChild('start', directory));
    const of = (name: string): number => median(starts.map((figures) => figures[name] ?? Number.NaN));
    const memory = await inChild('memory', directory);
    return [
      limited(`jobs_list of 20 at ${JOBS} finished jobs, p50`, ms(of('list')), ms(5), 'below'),
      limited('  … p95', ms(of('listLate')), ms(5), 'below'),
      limited('  … the first after the start', ms(of('firstList')), ms(5), 'below'),
      limited(`start-up from a compacted store (openHost), p50 of ${STARTS}`, ms(of('start')), ms(300), 'below'),
      told('  … from the start of the process', ms(of('sinceProcess'))),
      limited('resident after three snapshots', megabytes(memory['resident'] ?? Number.NaN), megabytes(150), 'below'),
      told('  … at its peak', megabytes(memory['peak'] ?? Number.NaN)),
    ];
  });
}

export const tenThousandTasks: Readonly<Record<string, ChildTask>> = { start: measureStart, memory: measureMemory };

/** All that a host is: lock, record, engine, listener. */
async function measureStart(directory: string): Promise<Figures> {
  const started = performance.now();
  const host = must(
    await openHost({
      directory: join(directory, 'repository'),
      data: join(directory, 'record'),
      assets,
      mode: 'run',
      agentCommands: 'refuse',
      version: '0',
      environment: { ...process.env, XDG_CACHE_HOME: join(directory, 'cache') },
      clock: systemClock,
      log: silentLog,
    }),
  );
  const ready = performance.now();
  const lists: number[] = [];
  for (let run = 0; run < LISTS; run++) {
    const asked = performance.now();
    const page = must(await host.relay.list({ limit: 20, offset: 0 }));
    lists.push(performance.now() - asked);
    if (page.items.length !== 20 || page.total < JOBS) throw new Error(`jobs_list gave ${page.total} jobs`);
  }
  await host.close();
  const [firstList = Number.NaN] = lists;
  const figures = { list: median(lists), listLate: percentile(lists, 0.95), firstList };
  // performance.now() counts from the start of the process.
  return { start: ready - started, sinceProcess: ready, ...figures };
}

async function measureMemory(directory: string): Promise<Figures> {
  const bed = await openRecord(directory);
  for (let snapshot = 0; snapshot < 3; snapshot++) {
    await runJobs(bed, JOBS_A_SNAPSHOT);
    must(await bed.store.compact());
  }
  const resident = process.memoryUsage.rss() / 2 ** 20;
  await bed.close();
  return { resident, peak: process.resourceUsage().maxRSS / 1024 };
}

function openRecord(directory: string): Promise<Bed> {
  return openBed({ directory, repository: join(directory, 'repository'), concurrency: 8, runner: patchRunner });
}

async function runJobs(bed: Bed, jobs: number): Promise<void> {
  await ratePerSecond(jobs, AT_ONCE, async (number) => bed.ended(await bed.submit(specAtHead(number))));
}

/** Ends each job as one that changed two files ends, without making them. */
const patchRunner: Runner = {
  run: () => Promise.resolve({ kind: 'succeeded', outcome: { ...OUTCOME } }),
  idle: () => Promise.resolve(),
};

const id = (digit: string): ObjectId => ObjectId.parse(digit.repeat(40));
const artifact = <N extends string>(name: N, digit: string) => ({
  name,
  digest: Digest.parse(digit.repeat(64)),
  bytes: 900,
});
const changed = (path: string) =>
  ({ path, kind: 'modified', oldMode: '100644', newMode: '100644', oldId: id('a'), newId: id('b') }) as const;

const OUTCOME = {
  checks: ['bundle', 'scope', 'secrets', 'applies', 'fidelity'].map((name) => ({
    name,
    verdict: 'pass' as const,
    detail: 'git apply --cached accepts the patch on the baseline.',
    durationMs: 4,
  })),
  artifacts: [
    artifact('patch.diff', 'a'),
    artifact('out.md', 'b'),
    artifact('pr.json', 'c'),
    artifact('logs.txt', 'd'),
  ],
  files: [changed('src/report/date.ts'), changed('test/report/date.test.ts')],
  fileCount: 2,
  resultTree: id('c'),
};
