import type { ReasonCode } from '../domain/failure.ts';
import type { JobId, ObjectId } from '../domain/ids.ts';
import type { JobState } from '../domain/job.ts';
import type { Priority } from '../domain/jobSpec.ts';

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
