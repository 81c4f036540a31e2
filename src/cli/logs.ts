import { err, ok, type Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import { isAbout } from '../protocol/about.ts';
import { LARGEST_SLICE } from '../protocol/calls.ts';
import type { Relay } from '../protocol/relay.ts';
import type { RelayError } from '../protocol/relayError.ts';
import { connect, type Connection, type Target } from './connection.ts';
import type { CliContext, Command, CommandResult } from './context.ts';
import { fromRelay } from './failure.ts';
import { lookAtJob } from './jobArgument.ts';
import { directoryOf, parseOptions } from './options.ts';

/** How far a log was printed. Each attempt has a log of its own; `offset` in bytes. */
interface Progress {
  attempt: number;
  offset: number;
  ended: boolean;
}

export const logs: Command = {
  name: 'logs',
  usage: 'logs JOB [--follow] [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, { follow: { type: 'boolean' } }, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const progress: Progress = { attempt: 0, offset: 0, ended: false };
    let job: JobId | undefined;
    const begun = await lookAtJob(context, values, positionals[0] ?? '', async (relay, jobId, print) => {
      job = jobId;
      Object.assign(progress, { attempt: 0, offset: 0 });
      const printed = await printLog(relay, jobId, progress, print);
      return printed.ok ? ok(0) : err(fromRelay(printed.error));
    });
    if (!begun.ok || job === undefined || progress.ended || values.follow !== true) return begun;
    const target = { directory: directoryOf(context, values.repo), data: values.data };
    return follow(context, target, job, progress);
  },
};

/** Prints what comes until the job ends, wherever its host is. */
async function follow(context: CliContext, target: Target, jobId: JobId, progress: Progress): CommandResult {
  const stop = Promise.race([context.interrupted, context.unread]).then(() => 'stop' as const);
  for (;;) {
    // A job waits in the queue where nobody hosts it: to follow it is to want it to go on.
    const connected = await connect(context, target, 'background');
    if (!connected.ok) return connected;
    try {
      const followed = await followHere(context, connected.value, jobId, progress, stop);
      if (!followed.ok) return err(fromRelay(followed.error));
      if (followed.value === 'over') return ok(0);
    } finally {
      await connected.value.close();
    }
  }
}

/** Until the job ends or nobody wants more, or until the host is lost. */
async function followHere(
  { print }: CliContext,
  { relay, lost }: Connection,
  jobId: JobId,
  progress: Progress,
  stop: Promise<'stop'>,
): Promise<Result<'over' | 'lost', RelayError>> {
  let wake: () => void = () => undefined;
  const subscription = relay.onChange((change) => {
    if (isAbout(change, jobId)) wake();
  });
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      const printed = await printLog(relay, jobId, progress, print);
      if (!printed.ok) return printed.error.kind === 'closing' ? ok('lost') : printed;
      if (progress.ended) return ok('over');
      const next = await Promise.race([changed, lost.then(() => 'lost' as const), stop]);
      if (next === 'stop') return ok('over');
      if (next === 'lost') return ok('lost');
    }
  } finally {
    subscription.dispose();
  }
}

/** Prints what is there beyond `progress`, and moves it on. */
async function printLog(
  relay: Relay,
  jobId: JobId,
  progress: Progress,
  print: CliContext['print'],
): Promise<Result<void, RelayError>> {
  const job = await relay.get({ jobId });
  if (!job.ok) return job;
  if (job.value.attempt !== progress.attempt) Object.assign(progress, { attempt: job.value.attempt, offset: 0 });
  for (;;) {
    const slice = await relay.log({ jobId, offset: progress.offset, maxBytes: LARGEST_SLICE });
    if (!slice.ok) return slice;
    const bytes = Buffer.from(slice.value.base64, 'base64');
    print(bytes);
    progress.offset += bytes.byteLength;
    progress.ended = slice.value.ended;
    if (progress.offset >= slice.value.totalBytes || bytes.byteLength === 0) return ok(undefined);
  }
}
