import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';

/** Why nothing is started by an executor, and until when (ms since 1970). */
export interface Hold {
  readonly until: number;
  readonly message: string;
}

interface Held extends Hold {
  readonly timer: Disposable;
  /** Whether it waits for the executor to come; else its provider takes no more. */
  readonly isAbsent: boolean;
}

/** The pause after a limit whose reset is not told: it doubles with each in a row. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** What a provider tells may be wrong; the next try shows it. */
const SHORTEST_HOLD_MS = 1000;
const LONGEST_HOLD_MS = 6 * 3600_000;

/** The executors that take no more for now. One is let go at its reset, so that no job behind it fails. */
export class Holds implements Disposable {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #held = new Map<string, Held>();
  readonly #inARow = new Map<string, number>();

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /**
   * Holds an executor whose provider takes no more, until `until` where that is told and to come. Of several jobs that
   * ran at once and meet the limit, the latest end counts. Resolves the time that it will be let go.
   */
  hold(executor: string, message: string, until: number | undefined): number {
    const present = this.#held.get(executor);
    const limit = present?.isAbsent === true ? undefined : present;
    const end = this.#endOf(executor, until, limit !== undefined);
    if (limit !== undefined && limit.until >= end) return limit.until;
    this.#put(executor, message, end, false);
    return end;
  }

  /** Holds an executor that is not there yet, until it comes or `until`. */
  await(executor: string, message: string, until: number): void {
    if (!this.#held.has(executor)) this.#put(executor, message, until, true);
  }

  /** It works again: the next pause is the first one. */
  worked(executor: string): void {
    this.#inARow.delete(executor);
  }

  /** It is there: what waited for that goes on. A provider's limit stays. */
  came(executor: string): void {
    const present = this.#held.get(executor);
    if (present?.isAbsent !== true) return;
    present.timer.dispose();
    this.#release(executor);
  }

  names(): ReadonlySet<string> {
    return new Set(this.#held.keys());
  }

  get(executor: string): Hold | undefined {
    return this.#held.get(executor);
  }

  /** When the first of these is let go. */
  firstOf(executors: Iterable<string>): number | undefined {
    const ends = [...executors].flatMap((name) => this.#held.get(name)?.until ?? []);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  dispose(): void {
    for (const { timer } of this.#held.values()) timer.dispose();
    this.#held.clear();
  }

  #endOf(executor: string, until: number | undefined, isHeld: boolean): number {
    const now = this.#clock.now();
    const earlier = this.#inARow.get(executor) ?? 0;
    const count = isHeld ? earlier : earlier + 1;
    this.#inARow.set(executor, count);
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, count - 1), LONGEST_PAUSE_MS);
    const told = until !== undefined && until > now ? until : now + pause;
    return Math.min(Math.max(told, now + SHORTEST_HOLD_MS), now + LONGEST_HOLD_MS);
  }

  #put(executor: string, message: string, until: number, isAbsent: boolean): void {
    this.#held.get(executor)?.timer.dispose();
    const timer = this.#clock.after(until - this.#clock.now(), () => this.#release(executor));
    this.#held.set(executor, { until, message, timer, isAbsent });
    this.#onChange();
  }

  #release(executor: string): void {
    this.#held.delete(executor);
    this.#onChange();
  }
}
