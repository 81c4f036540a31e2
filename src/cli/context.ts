import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Result } from '../base/result.ts';
import type { CliFailure, ExitCode } from './failure.ts';

/** What a command has of the world. */
export interface CliContext {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  /** The folder of this program: the file to start in the background, and sql-wasm.wasm. */
  readonly program: string;
  readonly assets: string;
  readonly version: string;
  readonly stdin: () => Promise<string>;
  readonly print: (text: string | Uint8Array) => void;
  /** Resolves when nobody reads what is printed any more. */
  readonly unread: Promise<void>;
  /** Resolves when the user or the system asks the program to end. */
  readonly interrupted: Promise<void>;
}

export type CommandResult = Promise<Result<ExitCode, CliFailure>>;

/** One command of the command line. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly run: (context: CliContext) => CommandResult;
}
