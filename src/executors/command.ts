import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  noAbilities,
  type ExecutionContext,
  type Executor,
  type ExecutorError,
  type Report,
} from '../domain/executor.ts';
import { MARK } from '../process/mark.ts';
import { runShell, type ShellExit } from '../process/shell.ts';

/** Runs the shell line in `execution.command`: codemods, formatters, scripts. Exit code 0 is its only success. */
export function commandExecutor(clock: Clock): Executor {
  return {
    name: 'command',
    abilities: noAbilities,
    async run({ jobId, attempt, spec }, context) {
      const line = spec.execution?.command;
      if (line === undefined) return err({ kind: 'unavailable', message: NO_COMMAND });
      return runCommand(line, context.env[MARK] ?? `${jobId}/${attempt}`, context, clock);
    },
  };
}

const NO_COMMAND = 'The executor "command" has nothing to run. Give the shell line in execution.command.';

async function runCommand(
  line: string,
  mark: string,
  { directory, env, signal, onLog }: ExecutionContext,
  clock: Clock,
): Promise<Result<Report, ExecutorError>> {
  const done = await runShell(line, { directory, env, mark, signal, onLog }, clock);
  if (!done.ok) return err({ kind: 'unavailable', message: done.error.message });
  const exit = done.value;
  switch (exit.kind) {
    case 'exited':
      return exit.exitCode === 0 ? ok({ prompt: line }) : failed(`${reason(exit.exitCode)}${lastLines(exit)}`);
    case 'signaled':
      return failed(`The command was ended by ${exit.signal}.${lastLines(exit)}`);
    case 'timedOut':
      return failed(`The command took too long.${lastLines(exit)}`);
    case 'aborted':
      return err({ kind: 'aborted' });
  }
}

function failed(message: string): Result<never, ExecutorError> {
  return err({ kind: 'failed', message });
}

/** 126 and 127 are the shell's own (POSIX); 128 + n is how it tells of a signal to what it ran. */
function reason(exitCode: number): string {
  if (exitCode === 127) return 'The command was not found (exit code 127): install it, or use its full path.';
  if (exitCode === 126) return 'The command is not executable (exit code 126): check its permissions.';
  return `The command failed with exit code ${exitCode}.`;
}

/** How much of stderr a message repeats; all of it is in the log. */
const LAST_LINES = 5;
const LAST_CHARACTERS = 1000;

function lastLines({ tail }: ShellExit): string {
  const lines = tail.stderr.trim().split('\n').slice(-LAST_LINES).join('\n').slice(-LAST_CHARACTERS);
  return lines === '' ? '' : ` It said: ${lines}`;
}
