import * as z from 'zod';
import type { Artifact, Usage } from './artifact.ts';
import type { Origin, Outcome, Question, Relation } from './event.ts';
import type { Failure } from './failure.ts';
import type { Graft } from './graft.ts';
import type { Digest, JobId, ObjectId } from './ids.ts';
import type { JobSpec } from './jobSpec.ts';
import { isTerminalState } from './jobState.ts';
import type { Publication } from './publication.ts';
import type { Quarantine } from './secretFind.ts';
import type { Spent } from './spent.ts';

export const JobState = z.enum(['QUEUED', 'RUNNING', 'WAITING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED']);
export type JobState = z.infer<typeof JobState>;

/** Whether a delivery is not begun, on its way, done, or taken back. */
export const DeliveryState = z.enum(['none', 'applying', 'applied', 'undoing', 'undone']);
export type DeliveryState = z.infer<typeof DeliveryState>;

/** Where a proven patch stands towards the user's tree, or towards the branch that it is a commit on. */
export type Delivery =
  | { readonly state: 'none' }
  /** `earlier`: the receipt of what of the patch is applied already, where more of it is being applied. */
  | (Delivered & { readonly state: 'applying'; readonly earlier?: Digest })
  | (Delivered & { readonly state: 'applied' | 'undoing' | 'undone' });

interface Delivered {
  readonly receipt: Digest;
  readonly at: number;
  /** Of a patch that is a commit on a branch of its own: no file of the user's is changed. */
  readonly branch?: string;
}

interface Core {
  readonly id: JobId;
  /** Rises by one on each event. */
  readonly stateVersion: number;
  readonly spec: JobSpec;
  readonly specDigest: Digest;
  readonly baseline: ObjectId;
  /** Where the baseline is no commit of the source repository. */
  readonly graft?: Graft;
  readonly source: string;
  readonly workspace: string;
  /** The branch that HEAD of the working tree was on when it was submitted. */
  readonly onBranch?: string;
  readonly executor: string;
  readonly origin: Origin;
  readonly parent?: JobId;
  /** What it is to its parent. */
  readonly relation?: Relation;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** The newest attempt; 0 before the first. */
  readonly attempt: number;
  /** Attempts that ended in a failure of their own: what maxAttempts counts. */
  readonly failedAttempts: number;
  /** Attempts that were lost with a host that died; those of a host that was stopped do not count. */
  readonly lostAttempts: number;
  /** What its attempts have cost, once one has ended: domain/charge.ts says what counts. */
  readonly spent?: Spent;
  /** Fingerprints of secrets that a person has lifted. */
  readonly lifted?: readonly string[];
}

/** A patch that is to be judged again, and what its executor said of it: no executor runs. */
export interface Rejudged extends Quarantine {
  readonly summary?: string;
  readonly usage?: Usage;
}

interface Unended {
  readonly rejudged?: Rejudged;
}

interface Ended {
  /** No list has it any more. */
  readonly deleted?: true;
  readonly startedAt?: number;
  readonly finishedAt: number;
  /** Whether the webhook has been told of the end, or could not be. */
  readonly notified?: true;
}

export type QueuedJob = Core & Unended & { readonly state: 'QUEUED' };
export type RunningJob = Core & Unended & { readonly state: 'RUNNING'; readonly startedAt: number };
export type WaitingJob = Core &
  Unended & { readonly state: 'WAITING'; readonly startedAt: number; readonly question: Question };
export type SucceededJob = Core &
  Ended & {
    readonly state: 'SUCCEEDED';
    readonly outcome: Outcome;
    readonly delivery: Delivery;
    readonly published?: Publication;
  };
export type FailedJob = Core &
  Ended & { readonly state: 'FAILED'; readonly failure: Failure; readonly outcome: Outcome };
type StoppedJob = Core & Ended & { readonly state: 'CANCELED' | 'EXPIRED'; readonly artifacts: readonly Artifact[] };

/** A job carries only what its state has. */
export type Job = QueuedJob | RunningJob | WaitingJob | SucceededJob | FailedJob | StoppedJob;
export type LiveJob = QueuedJob | RunningJob | WaitingJob;
export type EndedJob = SucceededJob | FailedJob | StoppedJob;

export function isTerminal(job: Job): job is EndedJob {
  return isTerminalState(job.state);
}

export function artifactsOf(job: Job): readonly Artifact[] {
  switch (job.state) {
    case 'SUCCEEDED':
    case 'FAILED':
      return job.outcome.artifacts;
    case 'CANCELED':
    case 'EXPIRED':
      return job.artifacts;
    case 'QUEUED':
    case 'RUNNING':
    case 'WAITING':
      return [];
  }
}

/** Whether files of the user's are being changed for this job. */
export function isDelivering(job: Job): boolean {
  return job.state === 'SUCCEEDED' && (job.delivery.state === 'applying' || job.delivery.state === 'undoing');
}

/** Whether a webhook waits to be told of the end. */
export function owesNotice(job: Job): job is EndedJob {
  return isTerminal(job) && job.spec.notify?.webhook !== undefined && job.notified !== true;
}
