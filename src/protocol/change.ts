import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { JobState } from '../domain/job.ts';

/** What subscribers hear: a durable event of a job, that its log has grown to `bytes`, or that an executor is held or let go. */
export const RelayChange = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('job'),
    jobId: JobId,
    state: JobState,
    stateVersion: z.int(),
    seq: z.int(),
    at: z.number(),
  }),
  z.strictObject({ kind: z.literal('log'), jobId: JobId, bytes: z.int() }),
  z.strictObject({ kind: z.literal('executors') }),
]);
export type RelayChange = z.infer<typeof RelayChange>;
