import type { Disposable } from '../base/disposable.ts';
import type { Result } from '../base/result.ts';
import type { CallInput, CallName, CallOutput } from './calls.ts';
import type { RelayChange } from './change.ts';
import type { RelayError } from './relayError.ts';

/** The one façade that every door talks to; the host's engine and a guest's connection both are one. */
export type Relay = {
  readonly [N in CallName]: (input: CallInput<N>) => Promise<Result<CallOutput<N>, RelayError>>;
} & {
  /** Hears of each change once it is durable. */
  onChange(listener: (change: RelayChange) => void): Disposable;
};
