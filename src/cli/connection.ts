import { closeSync, openSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import { join } from '../guest/join.ts';
import type { RemoteRelay } from '../guest/remoteRelay.ts';
import { locate, openHost, type Host, type HostError } from '../host.ts';
import { startInBackground } from '../process/background.ts';
import { MARK } from '../process/mark.ts';
import type { Relay } from '../protocol/relay.ts';
import { attemptIo } from '../store/ioError.ts';
import type { CliContext } from './context.ts';
import { executorsFile } from './executorsFile.ts';
import { badInput, relayFailed, type CliFailure } from './failure.ts';

/** What to do where no host is alive: look alone, host it here until all is done, or leave a host in the background. */
export type Need = 'look' | 'host' | 'background';

export interface Target {
  readonly directory: string;
  readonly data: string | undefined;
}

export interface Connection {
  readonly relay: Relay;
  readonly workspace: string;
  /** Set where this process is the host. */
  readonly host?: Host;
  /** Resolves when a host elsewhere is gone; never where this process hosts. */
  readonly lost: Promise<void>;
  close(): Promise<void>;
}

/** A host that starts has the lock before it can be joined: how long to wait for it. */
export const JOIN_WITHIN_MS = 10_000;
export const JOIN_AGAIN_MS = 50;
const MOST_STARTS = 3;

/** Joins the live host of a repository, or becomes or starts one. */
export async function connect(
  context: CliContext,
  target: Target,
  need: Need,
): Promise<Result<Connection, CliFailure>> {
  const located = await locate(target.directory, target.data, context.environment);
  if (!located.ok) return err(failureOf(located.error));
  const { places, workspace } = located.value;
  const end = context.clock.monotonic() + JOIN_WITHIN_MS;
  const interrupt = new AbortController();
  void context.interrupted.then(() => interrupt.abort());
  let starts = 0;
  for (;;) {
    const guest = await join(places.record, context.clock, context.log);
    if (guest !== undefined) {
      // A host that this process is says so itself.
      if (places.note !== undefined) context.log.write('warn', places.note);
      return ok(asGuest(guest, workspace));
    }
    const started =
      need === 'background'
        ? await startHost(context, target, places.record, (starts += 1))
        : await hostHere(context, target, need);
    if (started.ok && started.value !== undefined) return ok(started.value);
    if (!started.ok && started.error.kind !== 'held') return err(failureOf(started.error));
    if (interrupt.signal.aborted) return err(relayFailed('Interrupted before the relay could be reached.'));
    if (context.clock.monotonic() > end) {
      return err(
        relayFailed(`Another process holds the record in "${places.record}" and does not answer. End it, or wait.`),
      );
    }
    await context.clock.pause(JOIN_AGAIN_MS);
  }
}

function asGuest(relay: RemoteRelay, workspace: string): Connection {
  const close = (): Promise<void> => {
    relay.dispose();
    return Promise.resolve();
  };
  return { relay, workspace, lost: new Promise((resolve) => relay.onLost(() => resolve())), close: once(close) };
}

async function hostHere(
  context: CliContext,
  { directory, data }: Target,
  need: 'look' | 'host',
): Promise<Result<Connection, HostError>> {
  const { assets, version, environment, clock, log } = context;
  const own = await executorsFile(context, undefined);
  if (!own.ok) return err({ kind: 'failed', message: own.error.message });
  const host = await openHost({
    directory,
    ...(data === undefined ? {} : { data }),
    assets,
    mode: need === 'host' ? 'run' : 'read',
    agentCommands: 'refuse',
    executorSettings: () => own.value.settings,
    environmentNames: () => own.value.environment,
    version,
    environment,
    clock,
    log,
  });
  if (!host.ok) return host;
  const { relay, workspace } = host.value;
  return ok({
    relay,
    workspace,
    ...(need === 'host' ? { host: host.value } : {}),
    lost: new Promise(() => undefined),
    close: once(() => host.value.close()),
  });
}

/** Leaves a host behind that ends when it is idle; it is joined afterwards. */
async function startHost(
  { program, environment }: CliContext,
  { directory, data }: Target,
  record: string,
  attempt: number,
): Promise<Result<undefined, HostError>> {
  const logFile = joinPath(record, 'host.log');
  const opened = await attemptIo(`write "${logFile}"`, () => Promise.resolve(openSync(logFile, 'a', 0o600)));
  if (!opened.ok) return err({ kind: 'failed', message: opened.error.message });
  const stderr = opened.value;
  try {
    const dataOption = data === undefined ? [] : ['--data', data];
    const env = Object.fromEntries(
      Object.entries(environment).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && entry[0] !== MARK,
      ),
    );
    const args = [program, 'serve', '--repo', directory, ...dataOption, '--idle-exit', '5'];
    const line = await startInBackground({ file: process.execPath, args, env, stderr });
    if (line !== undefined) return ok(undefined);
    // It can have lost the lock to another that is starting: the next turn joins that one.
    return err({
      kind: attempt < MOST_STARTS ? 'held' : 'failed',
      message: `The host could not be started: see "${logFile}".`,
    });
  } finally {
    closeSync(stderr);
  }
}

export function failureOf({ kind, message }: HostError): CliFailure {
  return kind === 'repository' || kind === 'place' ? badInput(message) : relayFailed(message);
}

/** An interrupt and the end of a command may both let go of a connection. */
function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => (closed ??= close());
}
