import type { Usage } from '../domain/artifact.ts';
import type { JobSpec } from '../domain/jobSpec.ts';

type Limits = NonNullable<NonNullable<JobSpec['execution']>['budget']>;

/** What an attempt uses over all its runs, held against its budget. */
export class Budget {
  readonly #limits: Limits;
  readonly #over = new AbortController();
  #past: Usage = {};
  #present: Usage = {};

  constructor(limits: Limits = {}) {
    this.#limits = limits;
  }

  /** Raised when the budget is passed. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** What the run under way has used so far, in all. */
  take(usage: Usage): void {
    this.#present = usage;
    if (this.excess !== undefined) this.#over.abort();
  }

  /** The run under way is over. */
  next(): void {
    this.#past = this.total;
    this.#present = {};
  }

  get total(): Usage {
    return sum(this.#past, this.#present);
  }

  /** What the next run may use. */
  get left(): Limits {
    const { usd, tokens } = this.#limits;
    const { inputTokens = 0, outputTokens = 0, costUsd = 0 } = this.total;
    return {
      ...(usd === undefined ? {} : { usd: Math.max(0, usd - costUsd) }),
      ...(tokens === undefined ? {} : { tokens: Math.max(0, tokens - inputTokens - outputTokens) }),
    };
  }

  /** What was passed, for a person. */
  get excess(): string | undefined {
    const { usd, tokens } = this.#limits;
    const { inputTokens = 0, outputTokens = 0, costUsd = 0 } = this.total;
    if (tokens !== undefined && inputTokens + outputTokens > tokens) {
      return `${String(inputTokens + outputTokens)} tokens were used, and ${String(tokens)} were allowed`;
    }
    if (usd !== undefined && costUsd > usd) return `$${String(costUsd)} were spent, and $${String(usd)} were allowed`;
    return undefined;
  }
}

const FIGURES = ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costUsd', 'turns'] as const;

/** A figure that neither tells stays untold. */
function sum(one: Usage, other: Usage): Usage {
  const total: Usage = {};
  for (const figure of FIGURES) {
    const [a, b] = [one[figure], other[figure]];
    if (a !== undefined || b !== undefined) total[figure] = (a ?? 0) + (b ?? 0);
  }
  return total;
}
