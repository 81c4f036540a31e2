import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { ApplyOrder, PlanInput } from '../protocol/drift.ts';
import { ListInput } from '../protocol/calls.ts';
import { UsageInput, UsageReport } from '../protocol/usage.ts';
import { JobPage, JobView } from '../protocol/jobView.ts';
import { tool } from './tool.ts';

/** Annotations of a tool that changes nothing and looks at the relay alone. */
export const readsOnly = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
} as const;

export const getTool = tool({
  name: 'jobs_get',
  title: 'Get a job',
  description: [
    'All that is known of one job: state, attempt, times (ms since 1970), checks with their verdicts, artifacts, changed files, usage; reasonCode and message say why it FAILED or EXPIRED, and what to do.',
    'Answers at once with the present state and never waits. QUEUED, RUNNING and WAITING go on: call again later (some seconds apart is enough; stateVersion rises with each change). SUCCEEDED, FAILED, CANCELED and EXPIRED are final: read the artifacts with jobs_artifact.',
  ].join('\n'),
  input: z.strictObject({ jobId: JobId }),
  output: JobView,
  annotations: readsOnly,
  run: ({ relay }, { jobId }) => relay.get({ jobId }),
});

export const listTool = tool({
  name: 'jobs_list',
  title: 'List jobs',
  description:
    'The jobs of this repository, newest first, one short row each, of one state or of all. Use it to find a jobId or to see what is under way. Answers at once: {items, total, hasMore}; when hasMore is true, call again with offset raised by the number of items. Next: jobs_get for all of one job.',
  input: ListInput,
  output: JobPage,
  annotations: readsOnly,
  run: ({ relay }, input) => relay.list(input),
});

export const usageTool = tool({
  name: 'jobs_usage',
  title: 'Usage by day and executor',
  description: [
    'What the attempts of all jobs cost, one row a day (UTC, of the end) and executor, oldest first, and their sum as total: attempts, succeeded, failed, tokens, costUsd, turns, wallMs (from lease to end). Retries, canceled and lost attempts count as well. A figure is missing where no program told it: that is not zero.',
    'since and until are days, both included; give since to keep the answer short. Answers at once. What one job cost is in jobs_get.',
  ].join('\n'),
  input: UsageInput,
  output: UsageReport,
  annotations: readsOnly,
  run: ({ relay }, input) => relay.usage(input),
});

export const planTool = tool({
  name: 'jobs_plan',
  title: 'Plan the order of patches',
  description: [
    'For several SUCCEEDED jobs whose patches are not applied yet: which pairs conflict with each other, and an order in which the most of them apply one after the other onto HEAD. Use it before you tell the user what to apply, or which jobs to submit again.',
    'jobIds names the jobs (default: all of one working tree, the newest 50). Answers at once, or after a few seconds where many patches touch the same files; it applies nothing, which only the user does. Where two of the order touch the same file, the user commits the first before the second is applied. left says why a patch has no place; isBest is false where too many met to try every order. How one patch stands is in jobs_get as drift.',
  ].join('\n'),
  input: PlanInput,
  output: ApplyOrder,
  annotations: readsOnly,
  run: ({ relay }, input) => relay.plan(input),
});
