import { err, ok, type Result } from '../base/result.ts';
import { JobId } from '../domain/ids.ts';
import type { Relay } from '../protocol/relay.ts';
import { connect, type Connection, type Need } from './connection.ts';
import type { CliContext, CommandResult } from './context.ts';
import { fromRelay, type CliFailure } from './failure.ts';
import { directoryOf } from './options.ts';
import { leave } from './wait.ts';

/** The job that the user named: by its id, or by a beginning that no other job has. */
export async function jobNamed(relay: Relay, text: string): Promise<Result<JobId, CliFailure>> {
  const id = JobId.safeParse(text);
  if (id.success) return ok(id.data);
  const found = await relay.find({ prefix: text });
  return found.ok ? ok(found.value.jobId) : err(fromRelay(found.error));
}

/** Connects, does something with one job, and lets go. */
export async function withJob(
  context: CliContext,
  values: { readonly repo?: string | undefined; readonly data?: string | undefined },
  job: string,
  need: Need,
  use: (connection: Connection, jobId: JobId) => CommandResult,
): CommandResult {
  return withRelay(context, values, need, async (connection) => {
    const jobId = await jobNamed(connection.relay, job);
    return jobId.ok ? use(connection, jobId.value) : jobId;
  });
}

export async function withRelay(
  context: CliContext,
  { repo, data }: { readonly repo?: string | undefined; readonly data?: string | undefined },
  need: Need,
  use: (connection: Connection) => CommandResult,
): CommandResult {
  const connection = await connect(context, { directory: directoryOf(context, repo), data }, need);
  if (!connection.ok) return connection;
  try {
    return await use(connection.value);
  } finally {
    await leave(context, connection.value);
  }
}
