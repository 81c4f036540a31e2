import type { Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import { launch, type Child, type Command, type Exited, type SpawnError } from './launch.ts';
import { Head, Tail } from './output.ts';
import { signalGroup } from './group.ts';
import { drain, firstOf, type Bounds } from './waiting.ts';

/** How a program came to its end. `timedOut` and `aborted` are told only once it is gone. */
export type Ending = Exited | { readonly kind: 'timedOut' } | { readonly kind: 'aborted' };

export interface Exit {
  readonly ending: Ending;
  /** The first `maxOutput` bytes. */
  readonly stdout: Buffer;
  /** The last 64 KiB: where a program says why it failed. */
  readonly stderr: Buffer;
  /** Whether stdout had more than `maxOutput` bytes. */
  readonly truncated: boolean;
  /** How many bytes stdout had, kept or dropped. */
  readonly stdoutBytes: number;
  readonly durationMs: number;
}

export interface RunCommand extends Command, Bounds {
  /** Bytes of stdout that are kept (default 16 MiB); the rest is read and dropped. */
  readonly maxOutput?: number;
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
}

const MAX_OUTPUT = 16 * 1024 * 1024;
const STDERR_LIMIT = 64 * 1024;
/** Time for a program to tidy up after SIGTERM (git removes its lock files). */
const GRACE_MS = 1000;

/**
 * Runs a short program of the relay's own (git) to its end, with its output in memory. On abort and time-out its process
 * group is ended. For programs that are not trusted to stay in one group, see runTree.
 */
export async function run(command: RunCommand, clock: Clock): Promise<Result<Exit, SpawnError>> {
  const started = clock.monotonic();
  const stdout = new Head(command.maxOutput ?? MAX_OUTPUT);
  const stderr = new Tail(STDERR_LIMIT);
  const exit = (ending: Ending): Result<Exit, SpawnError> =>
    ok({
      ending,
      stdout: stdout.bytes(),
      stderr: stderr.bytes(),
      truncated: stdout.truncated,
      stdoutBytes: stdout.seen,
      durationMs: clock.monotonic() - started,
    });
  if (command.signal?.aborted === true) return exit({ kind: 'aborted' });
  const launched = await launch(command);
  if (!launched.ok) return launched;
  const child = launched.value;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.take(chunk);
    command.onStdout?.(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.take(chunk);
    command.onStderr?.(chunk);
  });
  const why = await firstOf(child.exited, command, clock);
  if (why !== 'over') await endGroup(child, clock);
  await drain(child, clock);
  return exit(why === 'over' ? await child.exited : { kind: why });
}

async function endGroup(child: Child, clock: Clock): Promise<void> {
  signalGroup(child.pid, 'SIGTERM');
  await firstOf(child.exited, { timeoutMs: GRACE_MS }, clock);
  signalGroup(child.pid, 'SIGKILL');
  await child.exited;
}
