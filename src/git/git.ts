import { closeSync, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { systemClock } from '../base/clock.ts';
import { err, never, ok, type Result } from '../base/result.ts';
import type { SpawnError } from '../process/launch.ts';
import { run } from '../process/spawn.ts';

export type Environment = Readonly<Record<string, string>>;

export type GitError =
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'aborted'; readonly message: string }
  /** The output passed the limit that was asked for; `bytes` is all of it. */
  | { readonly kind: 'tooLarge'; readonly message: string; readonly bytes: number }
  | { readonly kind: 'failed'; readonly args: readonly string[]; readonly exitCode: number; readonly stderr: string };

export interface GitOptions {
  readonly cwd?: string;
  readonly env?: Environment;
  /** A function is given the pipe, to write to and to end. */
  readonly stdin?: string | Uint8Array | ((pipe: Writable) => void);
  readonly signal?: AbortSignal;
  /** Bytes of stdout; more is the error `tooLarge`. */
  readonly maxOutput?: number;
  /** Is told what git says beside its output, as it comes. */
  readonly onStderr?: (chunk: Buffer) => void;
}

/** Stdout as it comes, where it is not kept in memory. */
type Sink = (chunk: Buffer) => void;

const LARGEST_OUTPUT = 256 * 1024 * 1024;

/** Git by argv, never by a shell, in one of the environments of environment.ts. */
export class Git {
  readonly #env: Environment;
  readonly #signal: AbortSignal | undefined;

  constructor(env: Environment, signal?: AbortSignal) {
    this.#env = env;
    this.#signal = signal;
  }

  /** The same git with more environment. */
  with(env: Environment): Git {
    return new Git({ ...this.#env, ...env }, this.#signal);
  }

  /** The same git, each run of which ends with the signal where it is given no other. */
  until(signal: AbortSignal): Git {
    return new Git(this.#env, signal);
  }

  command(args: readonly string[]): { file: string; args: readonly string[]; env: Environment } {
    return { file: 'git', args, env: this.#env };
  }

  /** Runs to its end; stdout as bytes. */
  async run(args: readonly string[], options: GitOptions): Promise<Result<Buffer, GitError>> {
    const done = await this.#run(args, options);
    return done.ok ? ok(done.value.stdout) : done;
  }

  /** Runs to its end; stdout goes to a new file, whose length in bytes is the answer. Nothing of it is kept in memory. */
  async toFile(
    args: readonly string[],
    { file, maxOutput = LARGEST_OUTPUT, ...options }: GitOptions & { readonly file: string },
  ): Promise<Result<number, GitError>> {
    const opened = openSync(file, 'wx', 0o600);
    let bytes = 0;
    try {
      // Written where it arrives, so that git waits for the disk and no chunk waits in memory.
      const done = await this.#run(args, options, (chunk) => {
        bytes += chunk.length;
        if (bytes <= maxOutput) writeSync(opened, chunk);
      });
      if (!done.ok) return done;
    } finally {
      closeSync(opened);
    }
    return bytes > maxOutput ? err(tooLarge(args, maxOutput, bytes)) : ok(bytes);
  }

  async #run(
    args: readonly string[],
    options: GitOptions,
    sink?: Sink,
  ): Promise<Result<{ readonly stdout: Buffer }, GitError>> {
    const { cwd = '/', env, stdin, signal = this.#signal, maxOutput = LARGEST_OUTPUT, onStderr } = options;
    const done = await run(
      {
        file: 'git',
        args,
        cwd,
        env: env === undefined ? this.#env : { ...this.#env, ...env },
        ...(stdin === undefined ? {} : { stdin }),
        ...(signal === undefined ? {} : { signal }),
        ...(onStderr === undefined ? {} : { onStderr }),
        ...(sink === undefined ? { maxOutput } : { maxOutput: 0, onStdout: sink }),
      },
      systemClock,
    );
    if (!done.ok) return err(unstarted(done.error));
    const { ending, stdout, stderr, truncated, stdoutBytes: bytes } = done.value;
    // Of a run that was stopped, the count is not the whole.
    if (truncated && sink === undefined && ending.kind === 'exited') return err(tooLarge(args, maxOutput, bytes));
    switch (ending.kind) {
      case 'exited':
        return ending.exitCode === 0
          ? ok({ stdout })
          : err({ kind: 'failed', args, exitCode: ending.exitCode, stderr: stderr.toString() });
      case 'signaled':
        return err({ kind: 'failed', args, exitCode: 128, stderr: `ended by ${ending.signal}\n${stderr.toString()}` });
      case 'timedOut':
      case 'aborted':
        return err({ kind: 'aborted', message: `git ${args[0] ?? ''} was stopped` });
      default:
        return never(ending);
    }
  }

  /** Runs to its end; stdout as text without the last newline. */
  async text(args: readonly string[], options: GitOptions): Promise<Result<string, GitError>> {
    const done = await this.run(args, options);
    return done.ok ? ok(done.value.toString('utf8').replace(/\n$/, '')) : done;
  }
}

function tooLarge(args: readonly string[], limit: number, bytes: number): GitError {
  return { kind: 'tooLarge', message: `git ${args[0] ?? ''} printed more than ${String(limit)} bytes`, bytes };
}

function unstarted(error: SpawnError): GitError {
  return error.kind === 'notFound'
    ? { kind: 'missing', message: 'git was not found. Install git, or put its folder in PATH.' }
    : { kind: 'failed', args: [], exitCode: 127, stderr: error.message };
}

/** One line for a person. */
export function describe(error: GitError): string {
  switch (error.kind) {
    case 'missing':
    case 'aborted':
    case 'tooLarge':
      return error.message;
    case 'failed':
      return `git ${commandIn(error.args)} failed (exit ${String(error.exitCode)}): ${reasonIn(error.stderr)}`;
  }
}

/** The command's name, behind the settings that it was given (`-c key=value`). */
function commandIn(args: readonly string[]): string {
  const [first = '', , ...rest] = args;
  return first === '-c' ? commandIn(rest) : first;
}

/** What git says is fatal, or else its last words. */
function reasonIn(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const reasons = lines.filter((line) => /^(fatal|error): /.test(line));
  return (reasons.length > 0 ? reasons : lines).slice(-3).join(' ');
}
