import type { Artifact, Usage } from '../domain/artifact.ts';
import type { Ask } from '../domain/executor.ts';
import type { Failure } from '../domain/failure.ts';
import type { Outcome } from '../domain/event.ts';
import type { RunningJob } from '../domain/job.ts';

/**
 * What an attempt came to. `stopped`: the signal ended it, and only its artifacts and what it used are of use. `limited`: its executor's
 * provider takes no more, until `until` (ms since 1970) where that is known. `isFinal`: no other attempt would help.
 */
export type AttemptEnd =
  | { readonly kind: 'succeeded'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly outcome: Outcome; readonly isFinal?: boolean }
  | {
      readonly kind: 'limited';
      readonly message: string;
      readonly until?: number;
      readonly artifacts: readonly Artifact[];
      readonly usage?: Usage;
    }
  | { readonly kind: 'stopped'; readonly artifacts: readonly Artifact[]; readonly usage?: Usage };

/** Makes the job wait for the user's answer. Once `over` is raised nobody wants it any more, and it is the fallback. */
export type AskUser = (question: Ask, over: AbortSignal) => Promise<string>;

/** The port that runs attempts: here in attempt.ts, on other machines in fleet/. It never rejects. */
export interface Runner {
  run(job: RunningJob, signal: AbortSignal, ask: AskUser): Promise<AttemptEnd>;
  /** Resolves when nothing of an attempt is left to do (slots are being reset after the attempt's end was told). */
  idle(): Promise<void>;
}
