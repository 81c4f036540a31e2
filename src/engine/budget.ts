import type { Usage } from '../domain/artifact.ts';
import type { JobSpec } from '../domain/jobSpec.ts';

type Limits = NonNullable<NonNullable<JobSpec['execution']>['budget']>;

/** What a job's attempts use over all their runs, held against its budget. */
export class Budget {
  readonly #limits: Limits;
  readonly #earlier: Usage;
  readonly #over = new AbortController();
  #past: Usage = {};
  #present: Usage = {};
  #excess: string | undefined;

  /** `earlier`: what the job's attempts before this one have used. */
  constructor(limits: Limits = {}, earlier: Usage = {}) {
    this.#limits = limits;
    this.#earlier = earlier;
  }

  /** Raised when the budget is passed. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** What the run under way has used so far, in all. A figure that is not told this time stays as it was. */
  take(usage: Usage): void {
    this.#present = { ...this.#present, ...sum(usage, {}) };
    this.#excess ??= this.#excessNow();
    if (this.#excess !== undefined) this.#over.abort();
  }

  /** The run under way is over. */
  next(): void {
    this.#past = this.total;
    this.#present = {};
  }

  /** Of this attempt alone. */
  get total(): Usage {
    return sum(this.#past, this.#present);
  }

  /** What the next run may use. */
  get left(): Limits {
    const { usd, tokens } = this.#limits;
    const { inputTokens = 0, outputTokens = 0, costUsd = 0 } = this.#whole;
    return {
      ...(usd === undefined ? {} : { usd: Math.max(0, usd - costUsd) }),
      ...(tokens === undefined ? {} : { tokens: Math.max(0, tokens - inputTokens - outputTokens) }),
    };
  }

  /** Whether another run could use nothing of what is limited. */
  get isUsedUp(): boolean {
    const { usd, tokens } = this.left;
    return usd === 0 || tokens === 0;
  }

  /** What was passed first, for a person. It stays, whatever is told later. */
  get excess(): string | undefined {
    return this.#excess;
  }

  get #whole(): Usage {
    return sum(this.#earlier, this.total);
  }

  #excessNow(): string | undefined {
    const { usd, tokens } = this.#limits;
    const { inputTokens = 0, outputTokens = 0, costUsd = 0 } = this.#whole;
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
