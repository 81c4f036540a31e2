import type { Check, Stored } from '../domain/artifact.ts';
import type { Failure } from '../domain/failure.ts';
import type { Redactor } from './redactor.ts';

/** What a check can show for its verdict beside `detail`. */
type Evidence = Pick<Check, 'label' | 'run' | 'exitCode' | 'tests'>;

/** What one check found. `detail` says what was found, for a person, briefly. */
export type Finding = Told & (Let | Failed);

interface Told {
  readonly detail: string;
  readonly evidence?: Evidence;
  /** All that was printed, to look for secrets in. */
  readonly printed?: () => Promise<Buffer>;
  /** Keeps what was printed, once it is known what must be taken out of it. */
  readonly keep?: (redactor: Redactor) => Promise<Stored | undefined>;
}

interface Let {
  readonly verdict: 'pass' | 'skip';
}

interface Failed {
  readonly verdict: 'fail';
  readonly failure: Failure;
}

export function passed(detail: string): Finding {
  return { verdict: 'pass', detail };
}

export function skipped(detail: string): Finding {
  return { verdict: 'skip', detail };
}

export function failed(failure: Failure, detail = failure.message): Finding {
  return { verdict: 'fail', detail, failure };
}
