import type { Clock } from '../base/clock.ts';
import { err, never, ok, type Result } from '../base/result.ts';
import type { LogEvent } from '../domain/executor.ts';
import type { SpawnError } from '../process/launch.ts';
import { runShell, type ShellExit, type ShellOptions } from '../process/shell.ts';

/** A line to run in a slot. */
export type ShellRun = Pick<ShellOptions, 'directory' | 'signal' | 'timeoutMs' | 'onOutput'>;

/** `isLate`: it ran past its time limit, and would again. */
type SetupError =
  { readonly kind: 'aborted' } | { readonly kind: 'failed'; readonly message: string; readonly isLate: boolean };

/** Runs the shell lines of one attempt, setup and gates: with its environment, its mark and its log. */
export class AttemptShell {
  readonly #clock: Clock;
  readonly #env: Readonly<Record<string, string>>;
  readonly #mark: string;
  readonly #onLog: (event: LogEvent) => void;

  constructor(clock: Clock, env: Readonly<Record<string, string>>, mark: string, onLog: (event: LogEvent) => void) {
    this.#clock = clock;
    this.#env = env;
    this.#mark = mark;
    this.#onLog = onLog;
  }

  run(line: string, run: ShellRun): Promise<Result<ShellExit, SpawnError>> {
    return runShell(line, { ...run, env: this.#env, mark: this.#mark, onLog: this.#onLog }, this.#clock);
  }

  /** The setup command, where there is one. */
  async setUp(
    line: string | undefined,
    run: ShellRun & { readonly signal: AbortSignal },
  ): Promise<Result<void, SetupError>> {
    if (line === undefined) return ok(undefined);
    this.#onLog({ stream: 'relay', text: `setup: ${line}` });
    const done = await this.run(line, run);
    if (done.ok && done.value.kind === 'exited' && done.value.exitCode === 0) return ok(undefined);
    if (run.signal.aborted) return err({ kind: 'aborted' });
    const how = done.ok ? howEnded(done.value) : done.error.message;
    const said = done.ok ? lastLine(textOf(done.value)) : '';
    const isLate = done.ok && done.value.kind === 'timedOut';
    return err({ kind: 'failed', message: `The setup command failed (${how}): ${said}`, isLate });
  }
}

/** The last of both streams. */
export function textOf({ tail }: ShellExit): string {
  return [tail.stdout, tail.stderr].filter((text) => text !== '').join('\n');
}

function howEnded(exit: ShellExit): string {
  switch (exit.kind) {
    case 'exited':
      return `exit ${String(exit.exitCode)}`;
    case 'signaled':
      return `ended by ${exit.signal}`;
    case 'timedOut':
      return 'it ran past its time limit';
    case 'aborted':
      return 'it was stopped';
    default:
      return never(exit);
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
