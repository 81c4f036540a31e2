import { never } from '../base/result.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { Budget } from './budget.ts';
import type { ExecutionError } from './execution.ts';
import type { TimeLimit } from './timeLimit.ts';

/** Why an attempt cannot go on: a failure to tell, a provider that takes no more, or a signal that was raised. */
export type Stop =
  | { readonly kind: 'failed'; readonly failure: Failure; readonly isFinal?: boolean }
  | { readonly kind: 'limited'; readonly message: string; readonly until?: number }
  | { readonly kind: 'stopped' };

/** What may have ended an attempt from outside. */
export interface Bounds {
  readonly signal: AbortSignal;
  readonly limit: TimeLimit;
  readonly seconds: number;
  readonly budget: Budget;
}

/** What an error means: what ended the attempt from outside comes before what that led to. */
export function stopOf(error: ExecutionError, { signal, limit, seconds, budget }: Bounds): Stop {
  if (signal.aborted) return { kind: 'stopped' };
  const { excess } = budget;
  if (excess !== undefined) {
    const why = `The job passed its budget: ${excess}. Raise execution.budget, or ask for less.`;
    return { kind: 'failed', failure: failure('POLICY', why) };
  }
  if (limit.signal.aborted) {
    const why = `The attempt ran past its time limit of ${String(seconds)} s. Raise execution.timeoutS, or ask for less.`;
    return { kind: 'failed', failure: failure('TIMEOUT', why) };
  }
  switch (error.kind) {
    case 'aborted':
      return { kind: 'failed', failure: failure('EXECUTOR_ERROR', 'The executor was stopped.') };
    case 'failed':
      return { kind: 'failed', failure: failure('EXECUTOR_ERROR', error.message) };
    case 'spent':
      return {
        kind: 'failed',
        failure: failure('POLICY', `${error.message} Raise execution.budget, or ask for less.`),
      };
    case 'unavailable':
      return { kind: 'failed', failure: failure('EXECUTOR_ERROR', error.message), isFinal: true };
    case 'limited':
      return error;
    case 'malformed':
      return { kind: 'failed', failure: failure('BAD_ARTIFACTS', error.message) };
    case 'conflict':
      return { kind: 'failed', failure: failure('CONFLICT', error.message) };
    default:
      return never(error);
  }
}

/** For the log. */
export function wordOf(stop: Stop | undefined): string {
  switch (stop?.kind) {
    case undefined:
      return 'succeeded';
    case 'failed':
      return `${stop.failure.code}: ${stop.failure.message}`;
    case 'limited':
      return `put off: ${stop.message}`;
    case 'stopped':
      return 'stopped';
    default:
      return never(stop);
  }
}
