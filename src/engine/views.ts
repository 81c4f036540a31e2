import { never } from '../base/result.ts';
import type { FileChange } from '../domain/artifact.ts';
import type { Graft } from '../domain/graft.ts';
import { artifactsOf, isTerminal, type Job, type SucceededJob } from '../domain/job.ts';
import { defaults, priorityOf, type JobSpec } from '../domain/jobSpec.ts';
import type { JobSummary, JobView } from '../protocol/jobView.ts';
import { artifactUri } from '../protocol/resourceUri.ts';
import type { JobRow } from '../store/rows.ts';

export function summaryOf(row: JobRow): JobSummary {
  const { startedAt, finishedAt } = row;
  const duration = startedAt === undefined || finishedAt === undefined ? {} : { durationMs: finishedAt - startedAt };
  return { ...row, ...duration };
}

export function viewOf(job: Job): JobView {
  const base = {
    jobId: job.id,
    state: job.state,
    stateVersion: job.stateVersion,
    title: job.spec.task.title,
    executor: job.executor,
    baseline: job.baseline,
    priority: priorityOf(job.spec),
    attempt: job.attempt,
    createdAt: job.createdAt,
    ...timesOf(job),
    ...(job.graft === undefined ? {} : { graft: graftView(job.graft) }),
    ...(job.parent === undefined ? {} : { parent: job.parent }),
    ...(job.relation === undefined ? {} : { relation: job.relation }),
    ...(job.spent === undefined ? {} : { usage: job.spent }),
    ...(isTerminal(job) && job.deleted === true ? { deleted: true as const } : {}),
    ...(job.lifted === undefined ? {} : { lifted: [...job.lifted] }),
    artifacts: artifactsOf(job).map((artifact) => ({ ...artifact, uri: artifactUri(job.id, artifact.name) })),
  };
  const nothing = { checks: [], files: [], fileCount: 0 };
  switch (job.state) {
    case 'QUEUED':
    case 'RUNNING':
    case 'CANCELED':
      return { ...base, ...nothing };
    case 'EXPIRED':
      return { ...base, ...nothing, message: whyExpired(job.spec) };
    case 'WAITING':
      return { ...base, ...nothing, question: job.question };
    case 'SUCCEEDED':
      return { ...base, ...outcomeOf(job), delivery: job.delivery.state, ...placesOf(job) };
    case 'FAILED':
      return { ...base, ...outcomeOf(job), reasonCode: job.failure.code, message: job.failure.message };
    default:
      return never(job);
  }
}

/** Without its pack, which nobody can read by its name. */
function graftView({ on, leftOut }: Graft): NonNullable<JobView['graft']> {
  return { on, ...(leftOut === undefined ? {} : { leftOut }) };
}

function whyExpired({ execution }: JobSpec): string {
  const ttlS = String(execution?.ttlS ?? defaults.ttlS);
  return (
    `The job had not ended when its time to live of ${ttlS} s was over. What it waits for a place, an answer or a ` +
    'held executor counts. Raise execution.ttlS, and submit it again.'
  );
}

function timesOf(job: Job): Pick<JobView, 'startedAt' | 'finishedAt' | 'durationMs'> {
  if (job.state === 'QUEUED') return {};
  if (!isTerminal(job)) return { startedAt: job.startedAt };
  if (job.startedAt === undefined) return { finishedAt: job.finishedAt };
  return { startedAt: job.startedAt, finishedAt: job.finishedAt, durationMs: job.finishedAt - job.startedAt };
}

function outcomeOf(
  job: Extract<Job, { outcome: unknown }>,
): Pick<JobView, 'checks' | 'files' | 'fileCount' | 'summary' | 'secrets'> {
  const { checks, files, fileCount, summary, quarantine } = job.outcome;
  return {
    checks,
    files: files.map(changeOf),
    fileCount,
    ...(summary === undefined ? {} : { summary }),
    ...(quarantine === undefined ? {} : { secrets: quarantine.finds }),
  };
}

/** Where a patch is that is not in the user's tree. */
function placesOf({ delivery, published }: SucceededJob): Pick<JobView, 'branch' | 'published'> {
  const isThere = delivery.state !== 'none' && delivery.state !== 'undone';
  return {
    ...(isThere && delivery.branch !== undefined ? { branch: delivery.branch } : {}),
    ...(published === undefined ? {} : { published }),
  };
}

function changeOf({ path, kind, oldMode, newMode, from, binary }: FileChange): JobView['files'][number] {
  const known = { ...(from === undefined ? {} : { from }), ...(binary === undefined ? {} : { binary }) };
  return { path, kind, oldMode, newMode, ...known };
}
