import { err, ok, type Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import type { Relay } from '../protocol/relay.ts';
import { connect, type Need } from './connection.ts';
import type { CliContext, CommandResult } from './context.ts';
import { badInput, fromRelay, type CliFailure } from './failure.ts';
import { directoryOf } from './options.ts';

type Print = CliContext['print'];

/** The options by which every command names a record. */
export interface RecordOptions {
  readonly repo?: string | undefined;
  readonly data?: string | undefined;
}

/** The job that the user named: by its id, or by a beginning that no other job has. */
export async function jobNamed(relay: Relay, text: string): Promise<Result<JobId, CliFailure>> {
  if (!/^[a-z2-7]{1,16}$/.test(text)) {
    return err(
      badInput(`No job begins with "${text}": ids have 16 characters of a-z and 2-7. "task-relay jobs" lists them.`),
    );
  }
  const found = await relay.find({ prefix: text });
  return found.ok ? ok(found.value.jobId) : err(fromRelay(found.error));
}

/** Looks at one job. */
export async function lookAtJob(
  context: CliContext,
  options: RecordOptions,
  job: string,
  use: (relay: Relay, jobId: JobId, print: Print) => CommandResult,
): CommandResult {
  return look(context, options, async (relay, print) => {
    const jobId = await jobNamed(relay, job);
    return jobId.ok ? use(relay, jobId.value, print) : jobId;
  });
}

/** Changes one job. Only who it is can be asked twice. */
export async function changeJob(
  context: CliContext,
  options: RecordOptions,
  job: string,
  need: Exclude<Need, 'host'>,
  use: (relay: Relay, jobId: JobId, print: Print) => CommandResult,
): CommandResult {
  const begun = new Set<JobId>();
  const change = (): CommandResult =>
    withRelay(context, options, need, async (relay, print) => {
      const jobId = await jobNamed(relay, job);
      if (!jobId.ok) return jobId;
      begun.add(jobId.value);
      return use(relay, jobId.value, print);
    });
  const done = await change();
  return !done.ok && done.error.isGone === true && begun.size === 0 ? change() : done;
}

/** Looks at something; where the host goes away meanwhile, the next one is asked. */
export async function look(
  context: CliContext,
  options: RecordOptions,
  use: (relay: Relay, print: Print, workspace: string) => CommandResult,
): CommandResult {
  const done = await withRelay(context, options, 'look', use);
  return !done.ok && done.error.isGone === true ? withRelay(context, options, 'look', use) : done;
}

/**
 * Connects, does something, and lets go. What it prints comes after that: a pager that is not read to its end must not
 * keep the record from others.
 */
async function withRelay(
  context: CliContext,
  { repo, data }: RecordOptions,
  need: Exclude<Need, 'host'>,
  use: (relay: Relay, print: Print, workspace: string) => CommandResult,
): CommandResult {
  const connection = await connect(context, { directory: directoryOf(context, repo), data }, need);
  if (!connection.ok) return connection;
  const printed: (string | Uint8Array)[] = [];
  try {
    const done = await use(connection.value.relay, (text) => printed.push(text), connection.value.workspace);
    if (!done.ok && done.error.isGone === true) printed.length = 0;
    return done;
  } finally {
    await connection.value.close();
    for (const text of printed) context.print(text);
  }
}
