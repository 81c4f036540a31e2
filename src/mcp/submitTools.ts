import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { JobSpec } from '../domain/jobSpec.ts';
import { FollowUp } from '../protocol/calls.ts';
import { Submitted } from '../protocol/jobView.ts';
import { err, ok, type Result } from '../base/result.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import { tool, type Workspace } from './tool.ts';

/** A job runs commands or an agent, and may reach whatever they reach. */
const runsThings = { readOnlyHint: false, destructiveHint: true, openWorldHint: true } as const;

export const submitTool = tool({
  name: 'jobs_submit',
  title: 'Submit a coding job',
  description: [
    'Hand a coding task to the relay. It runs in the background, in an isolated checkout, and ends in a patch that the relay has proven to apply; the user’s files are not touched. Use it for work that can go on while you do something else.',
    'Answers at once with {jobId, state, stateVersion, deduplicated} and never waits for the job. Next: call jobs_get with the jobId until state is SUCCEEDED, FAILED, CANCELED or EXPIRED, or subscribe to mcp://jobs/{jobId}/status; then read patch.diff and out.md with jobs_artifact.',
    'spec.task: {title, description?, acceptance?: string[]} – say all that is needed, the job sees nothing of this conversation.',
    'spec.repo: leave it out for the open repository at HEAD; or {type: "workspace", include: "uncommitted"} for HEAD with the user’s uncommitted work as it is now (staged, unstaged and untracked; not what is ignored or unsaved); or {type: "git", url, baseBranch, baselineCommit} or {type: "local", path, baselineCommit} with the full commit id (40 or 64 hex digits).',
    'spec.execution: {executor? (jobs_executors lists those that are ready; left out: the first of the user’s order), command? (a shell command to run instead of an agent), preferredModel?, priority? P0 | P1 | P2, ttlS? (seconds until the job expires, 3600), timeoutS? (seconds an attempt may take, 900), maxAttempts?}.',
    'spec.checks: [{name, run, report?}] – commands that the relay runs on the result and at the baseline: what passed there, or is new, must pass (report: where it writes JUnit XML or TAP). spec.scope.fileGlobs bounds what the patch may change. spec.setup prepares the checkout. Commands from an agent need the user’s consent; a headless relay may refuse them by name.',
    'spec.notify.webhook: an http URL on this machine (127.0.0.1) that gets the status object, as JSON, when the job has ended.',
    'spec.idempotencyKey: the same key with the same spec is the same job, so a repeated call is safe. Unknown fields are refused by name.',
  ].join('\n'),
  input: z.strictObject({
    spec: JobSpec,
    repository: z
      .string()
      .optional()
      .describe('the name or path of an open repository; needed only where several are open'),
  }),
  output: Submitted,
  annotations: { ...runsThings, idempotentHint: false },
  run: ({ relay, workspaces }, { spec, repository }) => {
    const workspace = meant(workspaces(), repository);
    return workspace.ok
      ? relay.submit({ spec, workspace: workspace.value, origin: 'mcp' })
      : Promise.resolve(workspace);
  },
});

/** The working tree that an agent means: the only one, or the one that it names. */
function meant(open: readonly Workspace[], repository: string | undefined): Result<string, RelayError> {
  const fitting = open.filter(
    ({ name, workspace }) => repository === undefined || repository === name || repository === workspace,
  );
  const [only] = fitting;
  if (fitting.length === 1 && only !== undefined) return ok(only.workspace);
  const named = open.map(({ name, workspace }) => `"${name}" (${workspace})`).join(', ');
  if (open.length === 0) return err(relayError('invalid', 'No repository is open. Ask the user to open one.'));
  return err(relayError('invalid', `Say which repository is meant, by its name or path, in "repository": ${named}.`));
}

export const retryTool = tool({
  name: 'jobs_retry',
  title: 'Retry a job',
  description:
    'Submit an ended job’s task once more, as a new job with the same spec. Use it when a job FAILED, EXPIRED or was CANCELED and another run may end otherwise; to change the task, use jobs_submit. Answers at once with the new {jobId, state, stateVersion, deduplicated} and never waits. Next: jobs_get with the new jobId.',
  input: z.strictObject({ jobId: JobId }),
  output: Submitted,
  annotations: { ...runsThings, idempotentHint: false },
  run: ({ relay }, { jobId }) => relay.retry({ jobId, origin: 'mcp' }),
});

export const rebaseTool = tool({
  name: 'jobs_rebase',
  title: 'Rebase a job',
  description:
    'Submit an ended job’s task once more on the commit that HEAD is at now, as a new job with the same spec. Use it when the repository has moved on and the patch does not fit any more; for the same commit, use jobs_retry. A job for a git URL names its commit itself: use jobs_submit with the new one. Answers at once with the new {jobId, state, stateVersion, deduplicated} and never waits. Next: jobs_get with the new jobId.',
  input: z.strictObject({ jobId: JobId }),
  output: Submitted,
  annotations: { ...runsThings, idempotentHint: false },
  run: ({ relay }, { jobId }) => relay.rebase({ jobId, origin: 'mcp' }),
});

export const followUpTool = tool({
  name: 'jobs_follow_up',
  title: 'Follow up on a job',
  description: [
    'Submit another task that goes on from the result of a SUCCEEDED job: its patch is the baseline, applied or not. Use it to have a patch corrected or gone on with; to run the same task again, use jobs_retry or jobs_rebase. The new patch is what changes from there on, so apply the job’s patch before it.',
    'task: {title, description?, acceptance?: string[]}. The same executor takes it on and goes on in its own thread where it can; otherwise it is told the earlier task, its summary and the files that it changed. Say what is to be different.',
    'execution: as in jobs_submit, over what the job had; another executor or a command begins anew. Repository, scope, checks and setup are the job’s. Commands among them need the user’s consent, as in jobs_submit, and leave that a person gave the job for protected paths is not passed on.',
    'Answers at once with the new {jobId, state, stateVersion, deduplicated} and never waits. Next: jobs_get with the new jobId.',
  ].join('\n'),
  input: FollowUp.extend({ jobId: JobId }),
  output: Submitted,
  annotations: { ...runsThings, idempotentHint: false },
  run: ({ relay }, input) => relay.followUp({ ...input, origin: 'mcp' }),
});
