import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { JobState } from '../domain/job.ts';

/**
 * What subscribers hear: a durable event of a job, that its log has grown to `bytes`, that an executor is held or let go, or that a patch
 * stands otherwise towards the user's tree.
 */
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
  z.strictObject({ kind: z.literal('drift'), jobId: JobId }),
]);
export type RelayChange = z.infer<typeof RelayChange>;
