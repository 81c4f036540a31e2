import { err, ok, type Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import type { JobState } from '../domain/job.ts';
import { isTerminalState } from '../domain/jobState.ts';
import type { JobView } from '../protocol/jobView.ts';
import type { Connection } from './connection.ts';
import type { CliContext } from './context.ts';
import { fromRelay, type CliFailure } from './failure.ts';

/** How long guests may take to read the end of their jobs before a host that is done goes away. */
const GUESTS_MS = 2000;
const LOOK_AGAIN_MS = 25;
/** Who has just looked whether this host lives is about to call it. */
const QUIET_MS = 300;

/** Waits for a job's end and tells each state on the way; undefined where the host was lost before. */
export async function waitForEnd(
  { relay, lost }: Connection,
  jobId: JobId,
  onState: (state: JobState) => void,
): Promise<Result<JobView | undefined, CliFailure>> {
  let last: JobState | undefined;
  const tell = (state: JobState): void => {
    if (state !== last) onState(state);
    last = state;
  };
  let resolveEnd: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (resolveEnd = resolve));
  // Listening before looking: what happens in between is not missed.
  const subscription = relay.onChange((change) => {
    if (change.kind !== 'job' || change.jobId !== jobId) return;
    tell(change.state);
    if (isTerminalState(change.state)) resolveEnd();
  });
  try {
    const now = await relay.get({ jobId });
    if (!now.ok) return now.error.kind === 'closing' ? ok(undefined) : err(fromRelay(now.error));
    tell(now.value.state);
    if (
      !isTerminalState(now.value.state) &&
      (await Promise.race([ended, lost.then(() => 'lost' as const)])) === 'lost'
    ) {
      return ok(undefined);
    }
    const job = await relay.get({ jobId });
    if (!job.ok) return job.error.kind === 'closing' ? ok(undefined) : err(fromRelay(job.error));
    return ok(job.value);
  } finally {
    subscription.dispose();
  }
}

/** Lets go of a connection; a host waits for the jobs that other command lines have given it. */
export async function leave({ clock, interrupted }: CliContext, connection: Connection): Promise<void> {
  const { host, relay } = connection;
  const stop = new AbortController();
  void interrupted.then(() => stop.abort());
  let guestsUntil: number | undefined;
  while (host !== undefined && !stop.signal.aborted) {
    const activity = await relay.activity({});
    if (!activity.ok) break;
    if (activity.value.live === 0) {
      guestsUntil ??= clock.monotonic() + GUESTS_MS;
      const isQuiet = clock.monotonic() - (host.calledAt() ?? 0) > QUIET_MS;
      if ((isQuiet && host.visitors() === 0) || clock.monotonic() > guestsUntil) break;
    } else {
      guestsUntil = undefined;
    }
    await clock.pause(LOOK_AGAIN_MS);
  }
  await connection.close();
}
