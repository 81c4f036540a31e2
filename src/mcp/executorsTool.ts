import * as z from 'zod';
import { calls } from '../protocol/calls.ts';
import { readsOnly } from './readTools.ts';
import { tool } from './tool.ts';

export const executorsTool = tool({
  name: 'jobs_executors',
  title: 'List executors',
  description:
    'The executors that a job can name in spec.execution.executor, with whether each can run now (ready, notInstalled, notSignedIn, tooOld, broken), its version, what to do where it cannot, what execution.sandbox and execution.budget it takes, and until when (heldUntil) its provider takes no more. place is its turn for a task that names none. Answers at once, or within seconds where it has to look. Next: jobs_submit.',
  input: z.strictObject({ anew: z.boolean().default(false).describe('look again, after something was installed') }),
  output: calls.executors.output,
  annotations: readsOnly,
  run: ({ relay }, input) => relay.executors(input),
});
