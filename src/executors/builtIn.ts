import type { Clock } from '../base/clock.ts';
import type { Executor } from '../domain/executor.ts';
import type { ExecutorSettings } from '../domain/executorSettings.ts';
import { commandExecutor } from './command.ts';
import { replayExecutor } from './replay.ts';

export interface BuiltInOptions {
  readonly clock: Clock;
  /** Read at each run and probe. */
  readonly settings: () => ExecutorSettings;
}

/** The executors that every relay has. */
export function builtIn({ clock }: BuiltInOptions): readonly Executor[] {
  const players: readonly Executor[] = [];
  return [commandExecutor(clock), ...players, replayExecutor(players)];
}
