import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { calls } from '../protocol/calls.ts';
import { tool } from './tool.ts';

export const cancelTool = tool({
  name: 'jobs_cancel',
  title: 'Cancel a job',
  description:
    'Stop a job that has not ended: its processes are ended and it becomes CANCELED for good. Use it when the work is no longer wanted. Answers at once with {ok, state}; ok is false when the job had ended before, which is no error. Next: jobs_retry to run the same task again.',
  input: z.strictObject({ jobId: JobId }),
  output: calls.cancel.output,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: ({ relay }, { jobId }) => relay.cancel({ jobId, origin: 'mcp' }),
});
