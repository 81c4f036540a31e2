import { disposable, type Disposable } from './disposable.ts';

/** The only reader of time and the only setter of timers, so that tests can drive both. */
export interface Clock {
  /** Milliseconds since 1970, by the machine's wall clock: it may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back: for durations. */
  monotonic(): number;
  /** Calls once after `ms`; dispose to call it off. A timer alone keeps no process alive. */
  after(ms: number, call: () => void): Disposable;
  /** Resolves after `ms`. Somebody awaits it, so it does keep the process alive. */
  pause(ms: number): Promise<void>;
}

/** Node's timers take 31 bits; a longer wait is cut into several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      const step = Math.min(Math.max(left, 0), LONGEST_TIMER_MS);
      timer = setTimeout(() => (left > step ? arm(left - step) : call()), step);
      timer.unref();
    };
    arm(ms);
    return disposable(() => clearTimeout(timer));
  },
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number;
  #timers: { at: number; call: () => void }[] = [];

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): Disposable {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return disposable(() => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    });
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Moves time on by `ms` and calls what falls due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.call();
    }
    this.#now = end;
  }
}
