import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { ListInput } from '../protocol/calls.ts';
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
    'All that is known of one job: state, attempt, times (ms since 1970), checks with their verdicts, artifacts, changed files, usage; reasonCode and message say why it FAILED and what to do.',
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
