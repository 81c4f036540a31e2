import type { Failure } from '../domain/failure.ts';

/** What one check found. `detail` says what was run and what it printed. */
export type Finding =
  | { readonly verdict: 'pass' | 'skip'; readonly detail: string }
  | { readonly verdict: 'fail'; readonly detail: string; readonly failure: Failure };

export function passed(detail: string): Finding {
  return { verdict: 'pass', detail };
}

export function skipped(detail: string): Finding {
  return { verdict: 'skip', detail };
}

export function failed(failure: Failure, detail = failure.message): Finding {
  return { verdict: 'fail', detail, failure };
}
