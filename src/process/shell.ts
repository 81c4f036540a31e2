import type { Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import type { LogEvent } from '../domain/executor.ts';
import type { Command, SpawnError } from './launch.ts';
import { Lines } from './lines.ts';
import { Tail } from './output.ts';
import { runTree } from './runTree.ts';
import type { Ending } from './spawn.ts';

export interface ShellOptions {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Marks every process that the line starts; two lines that run at once need two marks, neither below the other. */
  readonly mark: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Milliseconds between SIGTERM and SIGKILL (default 2000). */
  readonly graceMs?: number;
  readonly onLog: (event: LogEvent) => void;
  /** Both streams as they come, whole: `onLog` has their lines, up to a limit. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

/** How the line ended, told once its whole process tree is gone. */
export type ShellExit = Ending & {
  readonly durationMs: number;
  /** The last 4 KiB of each stream, for a message. */
  readonly tail: { readonly stdout: string; readonly stderr: string };
};

const TAIL_BYTES = 4096;
/** What one stream may log, with something for each line; the rest is read and dropped. */
const LOG_BYTES = 16 * 1024 * 1024;
const LINE_COST = 32;

/**
 * Runs one line of the user's by the system's shell: `sh -c`, on Windows `cmd.exe /d /s /c`. The command executor, setup
 * and gates are such lines.
 */
export async function runShell(
  line: string,
  options: ShellOptions,
  clock: Clock,
): Promise<Result<ShellExit, SpawnError>> {
  const stdout = new LoggedStream('stdout', options.onLog);
  const stderr = new LoggedStream('stderr', options.onLog);
  const done = await runTree(
    {
      ...shellCommand(line, options),
      ...options,
      onStdout: (chunk) => {
        stdout.take(chunk);
        options.onOutput?.('stdout', chunk);
      },
      onStderr: (chunk) => {
        stderr.take(chunk);
        options.onOutput?.('stderr', chunk);
      },
    },
    clock,
  );
  if (!done.ok) return done;
  const { ending, durationMs, survivors } = done.value;
  const tail = { stdout: stdout.end(), stderr: stderr.end() };
  if (survivors.length > 0) {
    options.onLog({ stream: 'relay', text: `these processes could not be ended: ${survivors.join(', ')}` });
  }
  return ok({ ...ending, durationMs, tail });
}

function shellCommand(line: string, { directory, env }: ShellOptions): Command {
  if (process.platform !== 'win32') return { file: '/bin/sh', args: ['-c', line], cwd: directory, env };
  const file = env['ComSpec'] ?? 'cmd.exe';
  return { file, args: ['/d', '/s', '/c', `"${line}"`], cwd: directory, env, verbatim: true };
}

/** One stream of a program: its lines to the log, up to a limit, and its last bytes for a message. */
class LoggedStream {
  readonly #tail = new Tail(TAIL_BYTES);
  readonly #lines: Lines;
  #budget = LOG_BYTES;

  constructor(stream: 'stdout' | 'stderr', onLog: (event: LogEvent) => void) {
    this.#lines = new Lines((text) => {
      if (this.#budget <= 0) return;
      onLog({ stream, text });
      this.#budget -= text.length + LINE_COST;
      if (this.#budget <= 0) onLog({ stream: 'relay', text: `${stream} is too long; the rest of it is left out` });
    });
  }

  take(chunk: Buffer): void {
    this.#tail.take(chunk);
    if (this.#budget > 0) this.#lines.take(chunk);
  }

  /** The last bytes as text, from the beginning of a line where there is one. */
  end(): string {
    this.#lines.end();
    const bytes = this.#tail.bytes();
    const text = bytes.toString('utf8');
    return bytes.length < TAIL_BYTES ? text : text.slice(text.indexOf('\n') + 1);
  }
}
