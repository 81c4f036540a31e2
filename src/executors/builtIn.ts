import type { Clock } from '../base/clock.ts';
import type { Executor } from '../domain/executor.ts';
import type { ExecutorSettings } from '../domain/executorSettings.ts';
import { codexExecutor } from './codex/codex.ts';
import { commandExecutor } from './command.ts';
import { replayExecutor } from './replay.ts';

export interface BuiltInOptions {
  readonly clock: Clock;
  /** Read at each run and probe. */
  readonly settings: () => ExecutorSettings;
  /** What an executor's program would get of the environment: for probes. */
  readonly environment: () => Readonly<Record<string, string>>;
}

/** The executors that every relay has. */
export function builtIn(options: BuiltInOptions): readonly Executor[] {
  const players = [codexExecutor(options)];
  return [commandExecutor(options.clock), ...players, replayExecutor(players)];
}
