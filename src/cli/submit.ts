import { randomUUID } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import type { JobView } from '../protocol/jobView.ts';
import { connect, type Connection, type Target } from './connection.ts';
import type { CliContext, Command, CommandResult } from './context.ts';
import { fromRelay, relayFailed, type CliFailure } from './failure.ts';
import { directoryOf, parseOptions } from './options.ts';
import { specOf, specOptions } from './spec.ts';
import { jobText, jsonLine } from './text.ts';
import { leave, waitForEnd } from './wait.ts';

export const submit: Command = {
  name: 'submit',
  usage:
    'submit [--repo DIR] --title T [--description D] [--executor E | --run CMD | --cassette FILE] [--model M] [--sandbox read-only|workspace-write] [--budget-usd N] [--budget-tokens N] [--attempts N] [--check NAME=CMD]… [--setup CMD] [--glob G]… [--allow-protected G]… [--priority P0|P1|P2] [--ttl S] [--timeout S] [--key K] [--allow-empty] [--uncommitted] [--wait] [--json]  |  submit --spec FILE|- [--wait] [--json]',
  async run(context) {
    const parsed = parseOptions(context, { ...specOptions, wait: { type: 'boolean' } }, []);
    if (!parsed.ok) return parsed;
    const { values } = parsed.value;
    const spec = await specOf(context, values);
    if (!spec.ok) return spec;
    const target = { directory: directoryOf(context, values.repo), data: values.data };
    const json = values.json === true;
    const go = values.wait === true ? submitAndWait : submitAndLeave;
    return go(context, target, keyed(spec.value), json);
  },
};

/** With a key of its own, a task can be given to the next host when one goes away in the very moment: it stays one job. */
function keyed(spec: JobSpec): JobSpec {
  return spec.idempotencyKey === undefined ? { ...spec, idempotencyKey: `cli-${randomUUID()}` } : spec;
}

/** Hosts that may go away while one task is submitted. */
const MOST_HOSTS = 5;

async function submitAndLeave(context: CliContext, target: Target, spec: JobSpec, json: boolean): CommandResult {
  for (let host = 1; ; host++) {
    const connected = await connect(context, target, 'background');
    if (!connected.ok) return connected;
    const { relay, workspace } = connected.value;
    try {
      const submitted = await relay.submit({ spec, workspace, origin: 'cli' });
      const job = submitted.ok ? await relay.get({ jobId: submitted.value.jobId }) : submitted;
      if (job.ok) {
        context.print(json ? jsonLine(job.value) : `${job.value.jobId}  ${job.value.state}\n`);
        return ok(0);
      }
      if (job.error.kind !== 'closing' || host === MOST_HOSTS) return err(fromRelay(job.error));
    } finally {
      await connected.value.close();
    }
  }
}

/** Waits for the job wherever its host is: one that goes away is replaced by another, or by this process. */
async function submitAndWait(context: CliContext, target: Target, spec: JobSpec, json: boolean): CommandResult {
  const progress: Progress = { jobId: undefined, hosts: 0 };
  for (;;) {
    const connected = await connect(context, target, 'host');
    if (!connected.ok) return connected;
    const connection = connected.value;
    progress.hosts += 1;
    const interrupt = context.interrupted.then(() => 'interrupted' as const);
    try {
      const ended = await Promise.race([submitHere(context, connection, spec, json, progress), interrupt]);
      if (ended === 'interrupted') {
        await connection.close();
        return err(relayFailed(`Interrupted. ${whatGoesOn(progress.jobId, connection)}`));
      }
      if (!ended.ok) return ended;
      if (ended.value !== undefined) return tell(context, ended.value, json);
    } finally {
      await leave(context, connection);
    }
  }
}

interface Progress {
  jobId: JobId | undefined;
  /** How many hosts there were. */
  hosts: number;
}

/** Submits, unless that was done, and waits for the end; undefined where the host was lost before. */
async function submitHere(
  context: CliContext,
  connection: Connection,
  spec: JobSpec,
  json: boolean,
  progress: Progress,
): Promise<Result<JobView | undefined, CliFailure>> {
  const { relay, workspace } = connection;
  if (progress.jobId === undefined) {
    const submitted = await relay.submit({ spec, workspace, origin: 'cli' });
    if (!submitted.ok) {
      const isGone = submitted.error.kind === 'closing' && progress.hosts < MOST_HOSTS;
      return isGone ? ok(undefined) : err(fromRelay(submitted.error));
    }
    progress.jobId = submitted.value.jobId;
    if (!json) context.print(`${progress.jobId}\n`);
  }
  return waitForEnd(connection, progress.jobId, (state) => (json ? undefined : context.print(`  ${state}\n`)));
}

function whatGoesOn(jobId: JobId | undefined, { host }: Connection): string {
  if (jobId === undefined) return 'Whether the task was submitted, "task-relay jobs" tells.';
  if (host === undefined) return `Job ${jobId} goes on: see "task-relay show ${jobId}".`;
  return `Job ${jobId} stays in the queue and goes on with the next host: "task-relay logs ${jobId} --follow" starts one.`;
}

function tell(context: CliContext, job: JobView, json: boolean): Result<0, CliFailure> {
  const { jobId, state } = job;
  context.print(json ? jsonLine(job) : jobText(job));
  if (state !== 'SUCCEEDED') {
    const why = job.reasonCode === undefined ? state : `${state} (${job.reasonCode})`;
    return err({
      code: 1,
      message: `Job ${jobId} ended ${why}. See "task-relay logs ${jobId}"; to run it again: "task-relay retry ${jobId}".`,
    });
  }
  if (!json && job.fileCount > 0) {
    context.print(`Next: task-relay artifact ${jobId} patch.diff · task-relay apply ${jobId}\n`);
  }
  return ok(0);
}
