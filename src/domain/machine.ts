import { err, never, ok, type Result } from '../base/result.ts';
import { failure, type Failure } from './failure.ts';
import type { JobEvent, JobEventType, Outcome } from './event.ts';
import {
  isDelivering,
  isTerminal,
  owesNotice,
  type Delivery,
  type EndedJob,
  type Job,
  type LiveJob,
  type QueuedJob,
  type RunningJob,
  type WaitingJob,
} from './job.ts';
import type { JobId } from './ids.ts';
import { defaults, type JobSpec } from './jobSpec.ts';
import type { Publication } from './publication.ts';
import { chargeOf } from './charge.ts';
import { nothingSpent, sumOf } from './spent.ts';

/** An event that the job's state does not take. */
export interface Illegal {
  readonly kind: 'illegal';
  readonly message: string;
}

type Of<T extends JobEventType> = Extract<JobEvent, { type: T }>;
type Step = Result<Job, Illegal>;

/** How often an attempt may be lost with a host that died before the job ends. */
const MOST_LOST_ATTEMPTS = 3;

/** The first event of a job. */
export function created(id: JobId, event: Of<'submitted'>, at: number): QueuedJob {
  const { spec, specDigest, baseline, graft, source, workspace, onBranch, executor, origin, parent, relation } = event;
  return {
    state: 'QUEUED',
    id,
    stateVersion: 1,
    spec,
    specDigest,
    baseline,
    ...(graft === undefined ? {} : { graft }),
    source,
    workspace,
    ...(onBranch === undefined ? {} : { onBranch }),
    executor,
    origin,
    ...(parent === undefined ? {} : { parent }),
    ...(relation === undefined ? {} : { relation }),
    createdAt: at,
    expiresAt: at + timeToLive(spec),
    attempt: 0,
    failedAttempts: 0,
    lostAttempts: 0,
  };
}

/** The whole lifecycle. Pure; stores persist what it returns, and nothing else writes `state`. */
export function transition(job: Job, event: JobEvent, at: number): Step {
  const next = step(job, event, at);
  const charge = next.ok ? chargeOf(job, event, at) : undefined;
  if (!next.ok || charge === undefined) return next;
  return ok({ ...next.value, spent: sumOf(job.spent ?? nothingSpent, charge.spent) });
}

function step(job: Job, event: JobEvent, at: number): Step {
  switch (event.type) {
    case 'submitted':
      return illegal(job, event);
    case 'leased':
      return job.state === 'QUEUED' && event.attempt === job.attempt + 1
        ? ok({
            ...unendedOf(job),
            state: 'RUNNING',
            attempt: event.attempt,
            startedAt: at,
            ...(event.executor === undefined ? {} : { executor: event.executor }),
          })
        : illegal(job, event);
    case 'asked':
      return job.state === 'RUNNING' && event.attempt === job.attempt
        ? ok({ ...unendedOf(job), state: 'WAITING', startedAt: job.startedAt, question: event.question })
        : illegal(job, event);
    case 'answered':
      return job.state === 'WAITING' && event.attempt === job.attempt && event.askId === job.question.askId
        ? ok({ ...unendedOf(job), state: 'RUNNING', startedAt: job.startedAt })
        : illegal(job, event);
    case 'attemptFailed':
      return isAttempted(job, event)
        ? ok({ ...unendedOf(job), state: 'QUEUED', failedAttempts: job.failedAttempts + 1 })
        : illegal(job, event);
    case 'deferred':
      return isAttempted(job, event) ? ok({ ...unendedOf(job), state: 'QUEUED' }) : illegal(job, event);
    case 'attemptLost':
      return isAttempted(job, event) ? ok(afterLoss(job, event, at)) : illegal(job, event);
    case 'succeeded':
      return isAttempted(job, event)
        ? ok({
            ...coreOf(job),
            state: 'SUCCEEDED',
            startedAt: job.startedAt,
            finishedAt: at,
            outcome: event.outcome,
            delivery: { state: 'none' },
          })
        : illegal(job, event);
    case 'failed':
      return isAttempted(job, event) ? ok(failed(job, event.failure, event.outcome, at)) : illegal(job, event);
    case 'lifted':
      return lifted(job, event, at);
    case 'canceled':
      return isTerminal(job) ? illegal(job, event) : ok(stopped(job, 'CANCELED', at));
    case 'expired':
      return isTerminal(job) ? illegal(job, event) : ok(stopped(job, 'EXPIRED', at));
    case 'sealed':
      return (job.state === 'CANCELED' || job.state === 'EXPIRED') && event.attempt === job.attempt
        ? ok({ ...job, stateVersion: job.stateVersion + 1, artifacts: event.artifacts })
        : illegal(job, event);
    case 'deliveryStarted':
    case 'delivered':
    case 'undoStarted':
    case 'undone': {
      const delivery = job.state === 'SUCCEEDED' ? deliveryAfter(job.delivery, event, at) : undefined;
      return job.state === 'SUCCEEDED' && delivery !== undefined
        ? ok({ ...job, stateVersion: job.stateVersion + 1, delivery })
        : illegal(job, event);
    }
    case 'published':
      return job.state === 'SUCCEEDED'
        ? ok({ ...job, stateVersion: job.stateVersion + 1, published: publicationOf(event) })
        : illegal(job, event);
    case 'notified':
      return owesNotice(job) ? ok({ ...job, stateVersion: job.stateVersion + 1, notified: true }) : illegal(job, event);
    case 'deleted':
      return isTerminal(job) && job.deleted !== true && !isDelivering(job)
        ? ok({ ...job, stateVersion: job.stateVersion + 1, deleted: true })
        : illegal(job, event);
    default:
      return never(event);
  }
}

/** What every state has, one version on. */
function coreOf(job: Job): Omit<QueuedJob, 'state'> {
  return {
    id: job.id,
    stateVersion: job.stateVersion + 1,
    spec: job.spec,
    specDigest: job.specDigest,
    baseline: job.baseline,
    ...(job.graft === undefined ? {} : { graft: job.graft }),
    source: job.source,
    workspace: job.workspace,
    ...(job.onBranch === undefined ? {} : { onBranch: job.onBranch }),
    executor: job.executor,
    origin: job.origin,
    ...(job.parent === undefined ? {} : { parent: job.parent }),
    ...(job.relation === undefined ? {} : { relation: job.relation }),
    createdAt: job.createdAt,
    expiresAt: job.expiresAt,
    attempt: job.attempt,
    failedAttempts: job.failedAttempts,
    lostAttempts: job.lostAttempts,
    ...(job.spent === undefined ? {} : { spent: job.spent }),
    ...(job.lifted === undefined ? {} : { lifted: job.lifted }),
  };
}

/** What a job has until it ends. */
function unendedOf(job: LiveJob): Omit<QueuedJob, 'state'> {
  return { ...coreOf(job), ...(job.rejudged === undefined ? {} : { rejudged: job.rejudged }) };
}

/** The one way out of an end: a patch that was kept apart is judged again, with a life as long as a new job's. */
function lifted(job: Job, event: Of<'lifted'>, at: number): Step {
  if (job.state !== 'FAILED' || job.deleted === true || job.outcome.quarantine === undefined)
    return illegal(job, event);
  const { quarantine, summary, usage } = job.outcome;
  return ok({
    ...coreOf(job),
    state: 'QUEUED',
    expiresAt: at + timeToLive(job.spec),
    lifted: [...new Set([...(job.lifted ?? []), ...event.finds])],
    rejudged: {
      ...quarantine,
      ...(summary === undefined ? {} : { summary }),
      ...(usage === undefined ? {} : { usage }),
    },
  });
}

function timeToLive(spec: JobSpec): number {
  return (spec.execution?.ttlS ?? defaults.ttlS) * 1000;
}

/** Whether the event is about the attempt that is under way: a late report of an older one is refused. */
function isAttempted(job: Job, event: { readonly attempt: number }): job is RunningJob | WaitingJob {
  return (job.state === 'RUNNING' || job.state === 'WAITING') && event.attempt === job.attempt;
}

function failed(job: RunningJob | WaitingJob, why: Failure, outcome: Outcome, at: number): EndedJob {
  const told = { ...outcome, ...stillKept(job, outcome) };
  return { ...coreOf(job), state: 'FAILED', startedAt: job.startedAt, finishedAt: at, failure: why, outcome: told };
}

/** What was to be judged again and did not come to it is kept apart as before: it can be lifted once more. */
function stillKept({ rejudged }: RunningJob | WaitingJob, outcome: Outcome): Pick<Outcome, 'quarantine'> {
  if (rejudged === undefined || outcome.resultTree !== undefined || outcome.quarantine !== undefined) return {};
  const { patch, log, finds, provenance } = rejudged;
  return { quarantine: { patch, log, finds, provenance } };
}

function stopped(job: Exclude<Job, EndedJob>, state: 'CANCELED' | 'EXPIRED', at: number): EndedJob {
  const startedAt = job.state === 'QUEUED' ? {} : { startedAt: job.startedAt };
  return { ...coreOf(job), state, ...startedAt, finishedAt: at, artifacts: [] };
}

function afterLoss(job: RunningJob | WaitingJob, { drained }: Of<'attemptLost'>, at: number): Job {
  // Somebody who stops a host says nothing about the job: only a host that died may have died of it.
  if (drained === true) return { ...unendedOf(job), state: 'QUEUED' };
  const lostAttempts = job.lostAttempts + 1;
  if (lostAttempts <= MOST_LOST_ATTEMPTS) return { ...unendedOf(job), state: 'QUEUED', lostAttempts };
  const why = failure(
    'INTERNAL_ERROR',
    `The relay died ${String(lostAttempts)} times while this job ran. Look at the relay's log, then retry the job.`,
  );
  return { ...failed(job, why, { checks: [], artifacts: [], files: [], fileCount: 0 }, at), lostAttempts };
}

type DeliveryEvent = Of<'deliveryStarted' | 'delivered' | 'undoStarted' | 'undone'>;

/** Where a delivery stands after an event; undefined where it does not take it. */
function deliveryAfter(delivery: Delivery, event: DeliveryEvent, at: number): Delivery | undefined {
  switch (event.type) {
    case 'deliveryStarted':
      return startedDelivery(delivery, event, at);
    case 'delivered':
      if (delivery.state !== 'applying') return undefined;
      return { ...placeOf(delivery), state: 'applied', receipt: delivery.receipt, at };
    case 'undoStarted':
      return delivery.state === 'applied' ? { ...delivery, state: 'undoing', at } : undefined;
    case 'undone':
      if (delivery.state === 'undoing') return { ...delivery, state: 'undone', at };
      if (delivery.state !== 'applying') return undefined;
      return delivery.earlier === undefined
        ? { ...placeOf(delivery), state: 'undone', receipt: delivery.receipt, at }
        : { state: 'applied', receipt: delivery.earlier, at };
    default:
      return never(event);
  }
}

/** A patch goes to one place at a time; more of it may go into a tree that has a part of it. */
function startedDelivery(
  delivery: Delivery,
  { receipt, branch }: Of<'deliveryStarted'>,
  at: number,
): Delivery | undefined {
  const started = { state: 'applying', receipt, at, ...(branch === undefined ? {} : { branch }) } as const;
  if (delivery.state === 'none' || delivery.state === 'undone') return started;
  const isMore = delivery.state === 'applied' && delivery.branch === undefined && branch === undefined;
  return isMore ? { ...started, earlier: delivery.receipt } : undefined;
}

function placeOf({ branch }: Exclude<Delivery, { state: 'none' }>): { readonly branch?: string } {
  return branch === undefined ? {} : { branch };
}

function publicationOf({ branch, commit, remote, url }: Of<'published'>): Publication {
  return { branch, commit, remote, ...(url === undefined ? {} : { url }) };
}

function illegal(job: Job, event: JobEvent): Result<never, Illegal> {
  const at = 'attempt' in event ? ` of attempt ${String(event.attempt)}` : '';
  const where = job.state === 'SUCCEEDED' ? `${job.state} (delivery: ${job.delivery.state})` : job.state;
  return err({
    kind: 'illegal',
    message: `job ${job.id} is ${where}, attempt ${String(job.attempt)}: it takes no "${event.type}"${at}`,
  });
}
