import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId } from '../../src/domain/ids.ts';
import { bareGit } from './bareGit.ts';
import { must, openBed, type Bed } from './bed.ts';
import { atMost, ms, told, type Row } from './row.ts';
import { makeRepository } from './sampleRepository.ts';
import { median } from './statistics.ts';
import { withTemporary } from './temporary.ts';
import { timed } from './timed.ts';

const RUNS = 15;
const WARM_UP = 3;
/** Some hundred lines each. */
const SIZE = { files: 5200, bytesEach: 5600 };
const CHANGED_FOLDERS = 4;
/** One line in the middle of each of 200 files. */
const CHANGE = Array.from(
  { length: CHANGED_FOLDERS },
  (_, folder) => `sed -i "50s/.*/changed/" d${String(folder)}/*.txt`,
).join('; ');

/** A patch of 200 files into the user's tree and out of it, against `git apply` in a copy. The two take turns. */
export async function delivery(): Promise<readonly Row[]> {
  return withTemporary(async (directory) => {
    const [ours, copy] = [join(directory, 'ours'), join(directory, 'copy')];
    makeRepository(ours, SIZE.files, SIZE.bytesEach);
    execFileSync('git', ['clone', '--quiet', ours, copy]);
    const bed = await openBed({ directory: join(directory, 'bed'), repository: ours, concurrency: 1 });
    try {
      const jobId = await bed.submit({ task: { title: '200 files' }, execution: { command: CHANGE } });
      await bed.ended(jobId);
      await bed.idle();
      return await compare(bed, jobId, { ours, copy, patch: join(directory, 'patch.diff') });
    } finally {
      await bed.close();
    }
  });
}

interface Places {
  readonly ours: string;
  readonly copy: string;
  /** A file that is made. */
  readonly patch: string;
}

async function compare(bed: Bed, jobId: JobId, { ours, copy, patch }: Places): Promise<readonly Row[]> {
  const git = (cwd: string, ...args: readonly string[]): Promise<Buffer> => bareGit(args, { cwd, env: process.env });
  const { base64 } = must(await bed.relay.artifact({ jobId, name: 'patch.diff', offset: 0, maxBytes: 1024 * 1024 }));
  await writeFile(patch, Buffer.from(base64, 'base64'));
  const figures = { floor: [] as number[], apply: [] as number[], undo: [] as number[] };
  for (let run = -WARM_UP; run < RUNS; run++) {
    const floor = await timed(() => git(copy, 'apply', patch));
    const apply = await timed(async () => must(await bed.relay.apply({ jobId, origin: 'cli', dryRun: false })));
    const undo = await timed(async () => must(await bed.relay.undo({ jobId, origin: 'cli' })));
    await git(copy, 'apply', '-R', patch);
    // As an editor does it all the time: both begin with an index that knows its files.
    for (const root of [ours, copy]) await git(root, 'update-index', '-q', '--refresh');
    if (run < 0) continue;
    figures.floor.push(floor);
    figures.apply.push(apply);
    figures.undo.push(undo);
  }
  await rm(patch);
  const floor = ms(median(figures.floor));
  return [
    atMost('an apply of 200 files in 5,200, against git apply', ms(median(figures.apply)), floor, 1.5),
    told('  … and its undo', ms(median(figures.undo)), floor),
  ];
}
