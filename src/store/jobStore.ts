import type { Disposable } from '../base/disposable.ts';
import type { Result } from '../base/result.ts';
import type { JobEvent, JournalEntry } from '../domain/event.ts';
import type { Digest, JobId } from '../domain/ids.ts';
import type { Job, JobState, LiveJob, QueuedJob } from '../domain/job.ts';
import type { Illegal } from '../domain/machine.ts';
import type { JobRow } from './rows.ts';
import type { UsageQuery, UsageRow } from './usageTable.ts';

/** The store could not write or read. Nothing of the call was kept; it may be tried again. */
export interface StoreIoError {
  readonly kind: 'io';
  readonly message: string;
}

export interface UnknownJob {
  readonly kind: 'notFound';
  readonly message: string;
}

export type AppendError = Illegal | UnknownJob | StoreIoError;

export interface ListQuery {
  readonly state?: JobState;
  /** Only proven patches that are not in the user's tree. */
  readonly undelivered?: true;
  readonly limit: number;
  readonly offset: number;
}

/** An event that is on disk, with the job as it was just after it. */
export interface Appended {
  readonly entry: JournalEntry;
  readonly job: Job;
}

/**
 * The record of all jobs. Laws (test/store/exerciseJobStore.ts runs them against each adapter):
 * an append that answered `ok` survives the death of the process; nothing is answered or announced from memory before it
 * is on disk; events of one job are applied by domain/machine.ts alone and in order.
 */
export interface JobStore {
  /**
   * Applies the event in memory at once (so two calls in one turn see each other), and resolves when its line is on disk.
   * A `submitted` event makes the job. `at` is ms since 1970.
   */
  append(jobId: JobId, event: JobEvent, at: number): Promise<Result<Job, AppendError>>;
  get(jobId: JobId): Promise<Result<Job, UnknownJob | StoreIoError>>;
  /** Newest first. */
  list(query: ListQuery): Promise<Result<{ readonly rows: readonly JobRow[]; readonly total: number }, StoreIoError>>;
  /** The jobs whose id begins so; at most two, which is enough to know whether one is meant. */
  find(prefix: string): Promise<Result<readonly JobId[], StoreIoError>>;
  /** The audit trail of one job, oldest first. */
  events(jobId: JobId): Promise<Result<readonly JournalEntry[], UnknownJob | StoreIoError>>;
  /** What the attempts of all jobs cost, deleted ones too, by the day of their end and by executor: what the events say. */
  usage(query: UsageQuery): Promise<Result<readonly UsageRow[], StoreIoError>>;
  /** The newest job with this idempotency key, from memory: await `settled` before telling anyone. */
  byKey(key: string): { readonly jobId: JobId; readonly specDigest: Digest; readonly finishedAt?: number } | undefined;
  /** The QUEUED job to run next (priority, then age), leaving out `except` and what is for the `held` executors; from memory. */
  nextQueued(except: ReadonlySet<JobId>, held?: ReadonlySet<string>): QueuedJob | undefined;
  /** All jobs that have not ended, oldest first; from memory. */
  live(): readonly LiveJob[];
  /** The jobs whose delivery or undo has begun and not ended; from memory. */
  delivering(): readonly JobId[];
  /** The jobs that have ended and whose webhook has not been told; from memory. */
  owing(): readonly JobId[];
  /** Resolves when all that was applied before is on disk, or was taken back because it could not be written. */
  settled(): Promise<Result<void, StoreIoError>>;
  /** Hears of each event once it is on disk, in order. */
  onAppended(listener: (appended: Appended) => void): Disposable;
  /** Writes a snapshot and begins a new journal. */
  compact(): Promise<Result<void, StoreIoError>>;
  close(): Promise<void>;
}
