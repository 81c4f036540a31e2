import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import { launch, type Command, type SpawnError } from './launch.ts';
import { MARK } from './mark.ts';
import type { Ending } from './spawn.ts';
import { endTree } from './tree.ts';
import { drain, firstOf, type Bounds } from './waiting.ts';

/** Holds a stream up while its bytes are worked through, as long as the program lives. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export interface TreeCommand extends Command, Bounds {
  /** Put into the environment of the program, so that what it starts is found wherever it flees. */
  readonly mark: string;
  /** Milliseconds between SIGTERM and SIGKILL (default 2000). */
  readonly graceMs?: number;
  readonly onStdout: (chunk: Buffer, flow: Flow) => void;
  readonly onStderr: (chunk: Buffer, flow: Flow) => void;
}

export interface TreeExit {
  readonly ending: Ending;
  readonly durationMs: number;
  /** Processes that not even SIGKILL ended. */
  readonly survivors: readonly number[];
}

/**
 * Runs a program that is not trusted to tidy up, and resolves once its whole tree is gone, whichever way it ended: also
 * children that outlive it, hold its pipes, or fled into a session of their own. Nothing of its output is kept.
 */
export async function runTree(command: TreeCommand, clock: Clock): Promise<Result<TreeExit, SpawnError>> {
  const started = clock.monotonic();
  if (command.signal?.aborted === true) return ok({ ending: { kind: 'aborted' }, durationMs: 0, survivors: [] });
  const launched = await launch({ ...command, env: { ...command.env, [MARK]: command.mark } });
  if (!launched.ok) return launched;
  const child = launched.value;
  let isGone = false;
  const flowOf = (stream: Readable): Flow => ({
    pause: () => {
      if (!isGone) stream.pause();
    },
    resume: () => {
      stream.resume();
    },
  });
  const [stdout, stderr] = [flowOf(child.stdout), flowOf(child.stderr)];
  child.stdout.on('data', (chunk: Buffer) => command.onStdout(chunk, stdout));
  child.stderr.on('data', (chunk: Buffer) => command.onStderr(chunk, stderr));
  const why = await firstOf(child.exited, command, clock);
  const { exited } = child;
  const tree = { leader: child.pid, exited, hasExited: () => child.hasExited(), mark: command.mark };
  const survivors = await endTree(tree, clock, command.graceMs);
  // What is still in the pipes has an end, and is read before they are closed.
  isGone = true;
  stdout.resume();
  stderr.resume();
  await drain(child, clock);
  return ok({
    ending: why === 'over' ? await exited : { kind: why },
    durationMs: clock.monotonic() - started,
    survivors,
  });
}
