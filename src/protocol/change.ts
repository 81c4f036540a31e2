import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { JobState } from '../domain/job.ts';

/** What subscribers hear: a durable event of a job, or that its log has grown to `bytes`. */
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
]);
export type RelayChange = z.infer<typeof RelayChange>;
