import type { Artifact } from '../domain/artifact.ts';
import type { Failure } from '../domain/failure.ts';
import type { Outcome } from '../domain/event.ts';
import type { RunningJob } from '../domain/job.ts';

/** What an attempt came to. `stopped`: the signal ended it, and only its artifacts are of use. */
export type AttemptEnd =
  | { readonly kind: 'succeeded'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly outcome: Outcome }
  | { readonly kind: 'stopped'; readonly artifacts: readonly Artifact[] };

/** The port that runs attempts: here in attempt.ts, on other machines in fleet/. It never rejects. */
export interface Runner {
  run(job: RunningJob, signal: AbortSignal): Promise<AttemptEnd>;
  /** Resolves when nothing of an attempt is left to do (slots are being reset after the attempt's end was told). */
  idle(): Promise<void>;
}
