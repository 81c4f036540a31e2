import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';

/** Why nothing is started by an executor, and until when (ms since 1970). */
export interface Hold {
  readonly until: number;
  readonly message: string;
}

interface Held extends Hold {
  readonly timer: Disposable;
}

/** The pause after a limit whose reset is not told: it doubles with each in a row. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** What a provider tells may be wrong; the next try shows it. */
const LONGEST_HOLD_MS = 6 * 3600_000;

/** The executors whose providers take no more for now. One is let go at its reset, so that no job behind it fails. */
export class Holds implements Disposable {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #held = new Map<string, Held>();
  readonly #inARow = new Map<string, number>();

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Holds an executor, until `until` where that is known; resolves the time that it will be let go. */
  hold(executor: string, message: string, until: number | undefined): number {
    const now = this.#clock.now();
    const count = this.#inARow.get(executor) ?? 0;
    this.#inARow.set(executor, count + 1);
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** count, LONGEST_PAUSE_MS);
    const end = Math.min(Math.max(until ?? now + pause, now), now + LONGEST_HOLD_MS);
    this.#held.get(executor)?.timer.dispose();
    const timer = this.#clock.after(end - now, () => this.#release(executor));
    this.#held.set(executor, { until: end, message, timer });
    this.#onChange();
    return end;
  }

  /** It works again: the next pause is the first one. */
  worked(executor: string): void {
    this.#inARow.delete(executor);
  }

  /** Lets an executor go before its time. */
  letGo(executor: string): void {
    this.#held.get(executor)?.timer.dispose();
    if (this.#held.has(executor)) this.#release(executor);
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

  #release(executor: string): void {
    this.#held.delete(executor);
    this.#onChange();
  }
}
