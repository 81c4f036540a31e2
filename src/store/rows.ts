import * as z from 'zod';
import { ReasonCode } from '../domain/failure.ts';
import { Digest, JobId, ObjectId } from '../domain/ids.ts';
import { DeliveryState, isTerminal, JobState, type Job } from '../domain/job.ts';
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
  /** Of a job that SUCCEEDED. */
  readonly delivery?: DeliveryState;
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

const Num = z.number();

export const rowColumns =
  'seq, job_id, state, state_version, title, executor, baseline, priority, attempt, created_at, started_at, ' +
  'finished_at, reason_code, idempotency_key, spec_digest, delivery, deleted';

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
    job.state === 'SUCCEEDED' ? job.delivery.state : null,
    isTerminal(job) && job.deleted === true ? 1 : 0,
  ];
}

/** Each value by a schema of its own: one schema of a whole row costs 3 ms when it is first used, which is a list's time. */
export function decodeRow(row: SqlRow): JobRow {
  const startedAt = optionalNumber(row, 'started_at');
  const finishedAt = optionalNumber(row, 'finished_at');
  const reasonCode = row['reason_code'];
  const delivery = row['delivery'];
  return {
    jobId: JobId.parse(row['job_id']),
    state: JobState.parse(row['state']),
    stateVersion: number(row, 'state_version'),
    title: String(row['title']),
    executor: String(row['executor']),
    baseline: ObjectId.parse(row['baseline']),
    priority: Priority.parse(row['priority']),
    attempt: number(row, 'attempt'),
    createdAt: number(row, 'created_at'),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(reasonCode === null ? {} : { reasonCode: ReasonCode.parse(reasonCode) }),
    ...(delivery === null ? {} : { delivery: DeliveryState.parse(delivery) }),
  };
}

export function decodePlace(row: SqlRow): ArchivePlace & { readonly seq: number } {
  return {
    seq: number(row, 'seq'),
    pack: Digest.parse(row['pack']),
    offset: number(row, 'pack_offset'),
    length: number(row, 'pack_length'),
  };
}

export function decodeKey(row: SqlRow): KeyRow {
  const finishedAt = optionalNumber(row, 'finished_at');
  return {
    seq: number(row, 'seq'),
    jobId: JobId.parse(row['job_id']),
    specDigest: Digest.parse(row['spec_digest']),
    ...(finishedAt === undefined ? {} : { finishedAt }),
  };
}

function number(row: SqlRow, column: string): number {
  return Num.parse(row[column]);
}

function optionalNumber(row: SqlRow, column: string): number | undefined {
  return row[column] === null ? undefined : number(row, column);
}
