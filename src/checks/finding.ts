import type { Check } from '../domain/artifact.ts';
import type { Failure } from '../domain/failure.ts';

/** What a check can show for its verdict beside `detail`. */
type Evidence = Pick<Check, 'label' | 'run' | 'exitCode' | 'output' | 'tests'>;

/** What one check found. `detail` says what was found, for a person, briefly. */
export type Finding =
  | { readonly verdict: 'pass' | 'skip'; readonly detail: string; readonly evidence?: Evidence }
  | { readonly verdict: 'fail'; readonly detail: string; readonly failure: Failure; readonly evidence?: Evidence };

export function passed(detail: string): Finding {
  return { verdict: 'pass', detail };
}

export function skipped(detail: string): Finding {
  return { verdict: 'skip', detail };
}

export function failed(failure: Failure, detail = failure.message): Finding {
  return { verdict: 'fail', detail, failure };
}
