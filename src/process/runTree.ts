import type { Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import { launch, type Command, type SpawnError } from './launch.ts';
import { MARK } from './mark.ts';
import type { Ending } from './spawn.ts';
import { endTree } from './tree.ts';
import { drain, firstOf, type Bounds } from './waiting.ts';

export interface TreeCommand extends Command, Bounds {
  /** Put into the environment of the program, so that what it starts is found wherever it flees. */
  readonly mark: string;
  /** Milliseconds between SIGTERM and SIGKILL (default 2000). */
  readonly graceMs?: number;
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
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
  child.stdout.on('data', command.onStdout);
  child.stderr.on('data', command.onStderr);
  const why = await firstOf(child.exited, command, clock);
  const { exited } = child;
  const tree = { leader: child.pid, exited, hasExited: () => child.hasExited(), mark: command.mark };
  const survivors = await endTree(tree, clock, command.graceMs);
  await drain(child, clock);
  return ok({
    ending: why === 'over' ? await exited : { kind: why },
    durationMs: clock.monotonic() - started,
    survivors,
  });
}
