import { join } from 'node:path';
import { openBed } from './bed.ts';
import { noopRunner } from './noopRunner.ts';
import { limited, ms, type Row } from './row.ts';
import { makeRepository } from './sampleRepository.ts';
import { specAtHead } from './sampleSpec.ts';
import { percentile } from './statistics.ts';
import { withTemporary } from './temporary.ts';

const RUNS = 200;
const WARM_UP = 50;

/** From the call of submit, its baseline and both events on disk, to RUNNING as a subscriber hears it. */
export async function latency(): Promise<readonly Row[]> {
  return withTemporary(async (directory) => {
    const repository = join(directory, 'repository');
    makeRepository(repository, 10, 100);
    const bed = await openBed({ directory, repository, concurrency: 2, runner: noopRunner });
    const figures: number[] = [];
    try {
      for (let run = -WARM_UP; run < RUNS; run++) {
        const started = performance.now();
        const jobId = await bed.submit(specAtHead(run));
        await bed.ended(jobId);
        const running = bed.heard.get(jobId)?.running ?? Number.NaN;
        if (run >= 0) figures.push(running - started);
        // An idle engine has nothing left to do for the job before.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      await bed.close();
    }
    return [
      limited(`submitted to RUNNING, idle, p50 of ${RUNS}`, ms(percentile(figures, 0.5)), ms(2), 'at most'),
      limited('  … p95', ms(percentile(figures, 0.95)), ms(5), 'at most'),
    ];
  });
}
