import { closeSync, fsyncSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openBed, type Bed } from './bed.ts';
import { ratePerSecond } from './crowd.ts';
import { noopRunner } from './noopRunner.ts';
import { timed } from './timed.ts';
import { atLeast, atMost, ms, perSecond, told, type Row } from './row.ts';
import { makeRepository } from './sampleRepository.ts';
import { specAtCommit, specAtHead } from './sampleSpec.ts';
import { median } from './statistics.ts';
import { withTemporary } from './temporary.ts';

const RUNS = 500;
const WARM_UP = 100;
const ROUNDS = 5;
/** Callers at once, and how many submits each has in a round. */
const CROWDS = [
  { callers: 1, each: 400 },
  { callers: 16, each: 100 },
  { callers: 128, each: 25 },
] as const;

/** Submits that nothing runs: what is measured is the acknowledgement alone. */
export async function durableSubmit(): Promise<readonly Row[]> {
  return withTemporary(async (directory) => {
    const repository = join(directory, 'repository');
    makeRepository(repository, 10, 100);
    const single = await oneCaller(join(directory, 'single'), repository);
    const rates = new Map<number, number[]>();
    // The first round warms all of them up.
    for (let round = -1; round < ROUNDS; round++) {
      for (const { callers, each } of CROWDS) {
        const bed = await openIdle(join(directory, `crowd-${round}-${callers}`), repository);
        const rate = await throughput(bed, callers, each);
        await bed.close();
        if (round >= 0) rates.set(callers, [...(rates.get(callers) ?? []), rate]);
      }
    }
    const rate = (callers: number): number => median(rates.get(callers) ?? []);
    return [
      ...single,
      atLeast('submits of 16 callers at once, against those of one', perSecond(rate(16)), perSecond(rate(1)), 4),
      atLeast('submits of 128 callers at once, against those of one', perSecond(rate(128)), perSecond(rate(1)), 6),
    ];
  });
}

function openIdle(directory: string, repository: string): Promise<Bed> {
  return openBed({ directory, repository, concurrency: 0, runner: noopRunner });
}

async function oneCaller(directory: string, repository: string): Promise<readonly Row[]> {
  const bed = await openIdle(directory, repository);
  const bytes = await lineOf(bed, join(directory, 'record'));
  const submits: number[] = [];
  const atHead: number[] = [];
  const blocking: number[] = [];
  const awaited: number[] = [];
  const file = join(directory, 'floor');
  const fd = openSync(file, 'a');
  const handle = await open(`${file}.awaited`, 'a');
  try {
    for (let run = -WARM_UP; run < RUNS; run++) {
      const figures = [
        await timed(() => bed.submit(specAtCommit(run))),
        await timed(() => {
          writeSync(fd, bytes);
          fsyncSync(fd);
        }),
        await timed(() => bed.submit(specAtHead(run))),
        await timed(async () => {
          await handle.write(bytes);
          await handle.sync();
        }),
      ] as const;
      if (run < 0) continue;
      submits.push(figures[0]);
      blocking.push(figures[1]);
      atHead.push(figures[2]);
      awaited.push(figures[3]);
    }
  } finally {
    closeSync(fd);
    await handle.close();
    await bed.close();
  }
  const what = `durable submit of ${bytes.byteLength} bytes, baseline named`;
  return [
    atMost(`${what}, against an append + fsync`, ms(median(submits)), ms(median(awaited)), 2),
    told('  … against the same by calls that block the process', ms(median(submits)), ms(median(blocking))),
    told('  … at HEAD: with one round trip to git cat-file', ms(median(atHead)), ms(median(awaited))),
    told('  … of it, the baseline (the difference of the two)', ms(median(atHead) - median(submits))),
  ];
}

/** Bytes as long as the journal's line of one submit. */
async function lineOf(bed: Bed, record: string): Promise<Buffer> {
  await bed.submit(specAtCommit(0));
  const [name = ''] = readdirSync(record).filter((entry) => entry.startsWith('journal'));
  const before = statSync(join(record, name)).size;
  await bed.submit(specAtCommit(0));
  return Buffer.alloc(statSync(join(record, name)).size - before, 'x');
}

/** Submits a second, each caller awaiting its own. */
async function throughput(bed: Bed, callers: number, each: number): Promise<number> {
  const submit = (number: number): Promise<unknown> => bed.submit(specAtCommit(number));
  await ratePerSecond((callers * each) / 5, callers, submit);
  return ratePerSecond(callers * each, callers, submit);
}
