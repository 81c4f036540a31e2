import type { TestTally } from '../domain/artifact.ts';

/** The failures that a job carries by name, and what is kept of each. */
const LISTED_FAILURES = 50;
const LONGEST_NAME = 200;
const LONGEST_MESSAGE = 300;
/** Failures by name that two runs are compared by; beyond it, nothing is said of what is new. */
const COMPARED_FAILURES = 10_000;

/** The names of the tests that failed. `isWhole` is false where there were more than are kept. */
export interface TestResults {
  readonly failing: ReadonlySet<string>;
  readonly isWhole: boolean;
}

/** Counts single tests, in bounded memory however many a report has. */
export class Tally {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #isWhole = true;
  readonly #failures: { name: string; message?: string }[] = [];
  readonly #failing = new Set<string>();

  pass(): void {
    this.#passed += 1;
  }

  skip(): void {
    this.#skipped += 1;
  }

  fail(rawName: string, message?: string): void {
    const name = cut(rawName, LONGEST_NAME) || '(without a name)';
    this.#failed += 1;
    if (this.#failing.size < COMPARED_FAILURES) this.#failing.add(name);
    else this.#isWhole = false;
    if (this.#failures.length >= LISTED_FAILURES) return;
    const said = message === undefined ? '' : cut(message, LONGEST_MESSAGE);
    this.#failures.push(said === '' ? { name } : { name, message: said });
  }

  told(): TestTally {
    return { passed: this.#passed, failed: this.#failed, skipped: this.#skipped, failures: [...this.#failures] };
  }

  results(): TestResults {
    return { failing: this.#failing, isWhole: this.#isWhole };
  }
}

/** Whole characters: half of a pair is no text. */
function cut(text: string, most: number): string {
  const trimmed = text.trim();
  return trimmed.length <= most ? trimmed : `${trimmed.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
