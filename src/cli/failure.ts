import { never } from '../base/result.ts';
import type { RelayError } from '../protocol/relayError.ts';

/** 0 done · 1 the job ended otherwise, or the tree stood in the way · 2 bad input · 3 the relay failed. */
export type ExitCode = 0 | 1 | 2 | 3;

/** Why a command line did not do its work: one line for stderr, and how it exits. */
export interface CliFailure {
  readonly code: Exclude<ExitCode, 0>;
  readonly message: string;
  /** Whether the host went away: the next one can be asked again where nothing was to be changed. */
  readonly isGone?: boolean;
}

export function badInput(message: string): CliFailure {
  return { code: 2, message };
}

export function relayFailed(message: string): CliFailure {
  return { code: 3, message };
}

export function fromRelay({ kind, message }: RelayError): CliFailure {
  switch (kind) {
    case 'invalid':
    case 'refused':
    case 'notFound':
    case 'illegal':
      return badInput(message);
    case 'blocked':
    case 'conflict':
      return { code: 1, message };
    case 'closing':
      return { ...relayFailed(message), isGone: true };
    case 'io':
    case 'internal':
      return relayFailed(message);
    default:
      return never(kind);
  }
}
