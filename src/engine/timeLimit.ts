import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';

/** The time that an attempt may take. It stands still while the attempt waits for an answer. */
export class TimeLimit implements Disposable {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  #left: number;
  #since = 0;
  #timer: Disposable | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#left = ms;
    this.resume();
  }

  /** Raised when the time is up. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  pause(): void {
    if (this.#timer === undefined) return;
    this.dispose();
    this.#left -= this.#clock.monotonic() - this.#since;
  }

  resume(): void {
    if (this.#timer !== undefined) return;
    this.#since = this.#clock.monotonic();
    this.#timer = this.#clock.after(Math.max(0, this.#left), () => this.#over.abort());
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
