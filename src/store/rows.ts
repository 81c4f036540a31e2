import * as z from 'zod';
import { ReasonCode } from '../domain/failure.ts';
import { Digest, JobId, ObjectId } from '../domain/ids.ts';
import { isTerminal, JobState, type Job } from '../domain/job.ts';
import { Priority, priorityOf } from '../domain/jobSpec.ts';

/** What lists and filters need of a job: one slim row in sql.js. Times are ms since 1970. */
export interface JobRow {
  readonly jobId: JobId;
  readonly state: JobState;
  readonly stateVersion: number;
  readonly title: string;
  readonly executor: string;
  readonly baseline: ObjectId;
  readonly priority: Priority;
  readonly attempt: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly reasonCode?: ReasonCode;
}

/** Where the lines of an archived job are: a part of a pack in the vault, in bytes. */
export interface ArchivePlace {
  readonly pack: Digest;
  readonly offset: number;
  readonly length: number;
}

/** What a job is found by when its idempotency key comes again. */
export interface KeyRow {
  readonly seq: number;
  readonly jobId: JobId;
  readonly specDigest: Digest;
  readonly finishedAt?: number;
}

/** A value as sql.js takes and gives it. */
export type SqlValue = number | string | Uint8Array | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export const rowColumns =
  'seq, job_id, state, state_version, title, executor, baseline, priority, attempt, created_at, started_at, ' +
  'finished_at, reason_code, idempotency_key, spec_digest';

/** A job as the values of `rowColumns`. The digest of the spec is only kept where a key may ask for it. */
export function encodeRow(seq: number, job: Job): SqlValue[] {
  const key = job.spec.idempotencyKey;
  return [
    seq,
    job.id,
    job.state,
    job.stateVersion,
    job.spec.task.title,
    job.executor,
    job.baseline,
    priorityOf(job.spec),
    job.attempt,
    job.createdAt,
    job.state === 'QUEUED' ? null : (job.startedAt ?? null),
    isTerminal(job) ? job.finishedAt : null,
    job.state === 'FAILED' ? job.failure.code : null,
    key ?? null,
    key === undefined ? null : job.specDigest,
  ];
}

const Row = z.object({
  job_id: JobId,
  state: JobState,
  state_version: z.number(),
  title: z.string(),
  executor: z.string(),
  baseline: ObjectId,
  priority: Priority,
  attempt: z.number(),
  created_at: z.number(),
  started_at: z.number().nullable(),
  finished_at: z.number().nullable(),
  reason_code: ReasonCode.nullable(),
});

export function decodeRow(row: SqlRow): JobRow {
  const read = Row.parse(row);
  return {
    jobId: read.job_id,
    state: read.state,
    stateVersion: read.state_version,
    title: read.title,
    executor: read.executor,
    baseline: read.baseline,
    priority: read.priority,
    attempt: read.attempt,
    createdAt: read.created_at,
    ...(read.started_at === null ? {} : { startedAt: read.started_at }),
    ...(read.finished_at === null ? {} : { finishedAt: read.finished_at }),
    ...(read.reason_code === null ? {} : { reasonCode: read.reason_code }),
  };
}

const Place = z.object({ seq: z.number(), pack: Digest, pack_offset: z.number(), pack_length: z.number() });

export function decodePlace(row: SqlRow): ArchivePlace & { readonly seq: number } {
  const read = Place.parse(row);
  return { seq: read.seq, pack: read.pack, offset: read.pack_offset, length: read.pack_length };
}

const Key = z.object({ seq: z.number(), job_id: JobId, spec_digest: Digest, finished_at: z.number().nullable() });

export function decodeKey(row: SqlRow): KeyRow {
  const read = Key.parse(row);
  const finished = read.finished_at === null ? {} : { finishedAt: read.finished_at };
  return { seq: read.seq, jobId: read.job_id, specDigest: read.spec_digest, ...finished };
}
