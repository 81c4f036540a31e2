import { isTerminalState } from '../domain/jobState.ts';
import type { ExecutorView } from '../protocol/executorView.ts';
import type { JobSummary } from '../protocol/jobView.ts';
import type { Relay } from '../protocol/relay.ts';

/** Why jobs behind an executor wait, and until when (ms since 1970). */
export interface Hold {
  readonly until: number;
  readonly because: string;
}

const AUTO = 'auto';

/** The executors of one relay whose providers take no more for now. Looked up only while a job waits for one. */
export class ExecutorHolds {
  readonly #relay: Relay;
  #holds: ReadonlyMap<string, Hold> = new Map();

  constructor(relay: Relay) {
    this.#relay = relay;
  }

  /** What a queued job waits for. */
  of({ state, executor }: JobSummary): Hold | undefined {
    return state === 'QUEUED' ? this.#holds.get(executor) : undefined;
  }

  /** Looks again, where any of these jobs could be held. */
  async look(jobs: Iterable<JobSummary>): Promise<void> {
    if (![...jobs].some(({ state }) => !isTerminalState(state))) return;
    const found = await this.#relay.executors({ anew: false });
    if (found.ok) this.#holds = holdsIn(found.value.executors);
  }
}

/** By the executor's name; a task that names none is held where every one is that it could have. */
function holdsIn(views: readonly ExecutorView[]): ReadonlyMap<string, Hold> {
  const holds = new Map(
    views.flatMap(({ name, heldUntil, heldBecause }) =>
      heldUntil === undefined ? [] : [[name, { until: heldUntil, because: heldBecause ?? '' }] as const],
    ),
  );
  const could = views.filter(({ place, state }) => place !== undefined && state === 'ready');
  const held = could.flatMap(({ name }) => holds.get(name) ?? []).sort((a, b) => a.until - b.until);
  const [first] = held;
  if (first !== undefined && held.length === could.length) holds.set(AUTO, first);
  return holds;
}
