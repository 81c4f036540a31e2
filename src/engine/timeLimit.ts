import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';

/** The time that an attempt may take. It stands still while the attempt waits for an answer, or for several. */
export class TimeLimit implements Disposable {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  #left: number;
  #since = 0;
  #pauses = 0;
  #isLetGo = false;
  #timer: Disposable | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#left = ms;
    this.#start();
  }

  /** Raised when the time is up. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  pause(): void {
    this.#pauses += 1;
    if (this.#timer === undefined) return;
    this.#stop();
    this.#left -= this.#clock.monotonic() - this.#since;
  }

  /** Takes one pause back; the time goes on when none is left. */
  resume(): void {
    if (this.#pauses === 0) return;
    this.#pauses -= 1;
    if (this.#pauses === 0) this.#start();
  }

  /** From now on it never ends. */
  dispose(): void {
    this.#isLetGo = true;
    this.#stop();
  }

  #start(): void {
    if (this.#isLetGo) return;
    this.#since = this.#clock.monotonic();
    this.#timer = this.#clock.after(Math.max(0, this.#left), () => this.#over.abort());
  }

  #stop(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
