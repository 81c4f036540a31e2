import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { bareGit } from './bareGit.ts';
import { openBed, type Bed } from './bed.ts';
import { FloorJob } from './floorJob.ts';
import { atMost, ms, told, type Row } from './row.ts';
import { CHANGED_FILE, makeRepository } from './sampleRepository.ts';
import { median } from './statistics.ts';
import { withTemporary } from './temporary.ts';

const RUNS = 20;
const WARM_UP = 3;
const WORKTREES = 5;

const SMALL = { files: 50, bytesEach: 1000 };
/** 49 MB in all. */
const LARGE = { files: 5000, bytesEach: 9800 };

/** A whole job whose command is one tiny edit, against the git commands of the same way. */
export async function jobCost(): Promise<readonly Row[]> {
  return [...(await costAt(SMALL, 0)), ...(await costAt(LARGE, WORKTREES))];
}

async function costAt(size: typeof SMALL, worktrees: number): Promise<readonly Row[]> {
  return withTemporary(async (directory) => {
    const [ours, floors] = [join(directory, 'ours'), join(directory, 'floors')];
    makeRepository(ours, size.files, size.bytesEach);
    execFileSync('git', ['clone', '--quiet', ours, floors]);
    const floor = await prepareFloor(join(directory, 'floor-bed'), floors);
    const bed = await openBed({ directory: join(directory, 'bed'), repository: ours, concurrency: 2 });
    try {
      return await compare(size.files, bed, floor, worktrees, floors);
    } finally {
      await bed.close();
    }
  });
}

/** A mirror and a slot of the floor's own, made by a relay that is gone then. */
async function prepareFloor(directory: string, repository: string): Promise<FloorJob> {
  const bed = await openBed({ directory, repository, concurrency: 1 });
  await oneJob(bed);
  await bed.close();
  return new FloorJob(join(directory, 'work'), repository);
}

async function compare(
  files: number,
  bed: Bed,
  floor: FloorJob,
  worktrees: number,
  repository: string,
): Promise<readonly Row[]> {
  const jobs: number[] = [];
  const overlapped: number[] = [];
  const inOrder: number[] = [];
  for (let run = -WARM_UP; run < RUNS; run++) {
    const figures = [await oneJob(bed), await floor.run(true), await floor.run(false)] as const;
    if (run < 0) continue;
    jobs.push(figures[0]);
    overlapped.push(figures[1]);
    inOrder.push(figures[2]);
  }
  const rows = [
    atMost(`a job at ${files} files, against the bare git commands`, ms(median(jobs)), ms(median(inOrder)), 1.5),
    told('  … with the same of them at once as in the relay', ms(median(jobs)), ms(median(overlapped))),
  ];
  if (worktrees === 0) return rows;
  const [warm, added] = await againstWorktrees(bed, repository, worktrees);
  return [
    ...rows,
    atMost(`a warm job at ${files} files, against git worktree add`, ms(median(warm)), ms(median(added)), 0.5),
    told(`  … against the fastest worktree add of ${worktrees}`, ms(median(warm)), ms(Math.min(...added))),
  ];
}

/** The worktrees are removed at the very end: making files after a mass deletion is slow on ext4, and that is not asked. */
async function againstWorktrees(
  bed: Bed,
  repository: string,
  count: number,
): Promise<readonly [readonly number[], readonly number[]]> {
  const warm: number[] = [];
  const added: number[] = [];
  for (let run = -1; run < count; run++) {
    const job = await oneJob(bed);
    const args = ['worktree', 'add', '--detach', join(repository, '..', `worktree${run}`)];
    const started = performance.now();
    await bareGit(args, { cwd: repository, env: process.env });
    const took = performance.now() - started;
    if (run < 0) continue;
    warm.push(job);
    added.push(took);
  }
  return [warm, added];
}

/** Milliseconds from the submit until the end is durable and heard of, and the slot is back. */
async function oneJob(bed: Bed): Promise<number> {
  const started = performance.now();
  const jobId = await bed.submit({
    task: { title: 'a tiny edit' },
    execution: { command: `echo x >> ${CHANGED_FILE}` },
  });
  await bed.ended(jobId);
  await bed.idle();
  return performance.now() - started;
}
