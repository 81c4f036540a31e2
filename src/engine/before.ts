import { join } from 'node:path';
import type { Earlier, Thread } from '../domain/executor.ts';
import type { Job, RunningJob, SucceededJob } from '../domain/job.ts';
import type { ExecutorRegistry } from '../executors/registry.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Threads } from '../store/threads.ts';

/** What a job goes on from. */
export interface Before {
  /** Oldest first. */
  readonly earlier: readonly Earlier[];
  /** Of the last of them, where the job's executor can go on in it; or why it cannot. */
  readonly thread: { readonly of: Thread } | { readonly why: string };
}

export interface BeforeOptions {
  readonly store: Pick<JobStore, 'get'>;
  readonly threads: Threads;
  readonly executors: ExecutorRegistry;
}

/** Jobs that are told of, and jobs that are looked at on the way to them: a task may have been tried often. */
const MOST_TOLD = 5;
const MOST_LOOKED = 100;
/** Of a summary, in characters, and changed paths of one job. */
const LONGEST_SUMMARY = 8000;
const MOST_FILES = 50;

/** What a job goes on from; undefined for a job that goes on from nothing. `own`: where a thread may be written to. */
export async function beforeOf(job: RunningJob, options: BeforeOptions, own: string): Promise<Before | undefined> {
  const line: { readonly job: SucceededJob; readonly isHere: boolean }[] = [];
  let isHere = true;
  let current: Job = job;
  for (let looked = 0; looked < MOST_LOOKED && line.length < MOST_TOLD; looked++) {
    if (current.parent === undefined) break;
    const parent = await options.store.get(current.parent);
    if (!parent.ok) break;
    if (current.relation === 'rebase') isHere = false;
    if (current.relation === 'followUp' && parent.value.state === 'SUCCEEDED') line.push({ job: parent.value, isHere });
    current = parent.value;
  }
  const [last] = line;
  if (last === undefined) return undefined;
  const earlier = line.map((one) => earlierOf(one.job, one.isHere)).reverse();
  return { earlier, thread: last.isHere ? await threadOf(last.job, job, options, own) : { why: ELSEWHERE } };
}

const ELSEWHERE = 'the task was put on another commit';

async function threadOf(
  last: SucceededJob,
  job: RunningJob,
  { threads, executors }: BeforeOptions,
  own: string,
): Promise<Before['thread']> {
  if (last.deleted === true) return { why: 'that job was deleted' };
  if (last.executor !== job.executor)
    return { why: `${last.executor} did that job, and ${job.executor} does this one` };
  const executor = executors.get(job.executor);
  if (!executor.ok || executor.value.abilities.resumes !== true) return { why: `${job.executor} goes on in no thread` };
  const { sessionId } = last.outcome;
  if (sessionId === undefined) return { why: `${job.executor} told of no thread` };
  const file = join(own, 'thread');
  return { of: { sessionId, ...((await threads.give(last.id, file)) ? { file } : {}) } };
}

function earlierOf({ id, spec: { task }, outcome, deleted }: SucceededJob, isHere: boolean): Earlier {
  const { summary, files, fileCount } = outcome;
  return {
    jobId: id,
    task,
    ...(summary === undefined || deleted === true ? {} : { summary: cut(summary) }),
    files: files.slice(0, MOST_FILES).map(({ path }) => path),
    fileCount,
    isHere,
  };
}

function cut(text: string): string {
  return text.length <= LONGEST_SUMMARY ? text : `${text.slice(0, LONGEST_SUMMARY)} […]`;
}
