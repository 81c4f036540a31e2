import type { Clock } from '../base/clock.ts';
import type { Child } from './launch.ts';

export interface Bounds {
  /** Ends the program when it aborts. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the program may take. */
  readonly timeoutMs?: number;
}

/** Resolves when the work is over, the time is up, or the signal aborts, whichever is first. */
export function firstOf(
  work: Promise<unknown>,
  { signal, timeoutMs }: Bounds,
  clock: Clock,
): Promise<'over' | 'timedOut' | 'aborted'> {
  return new Promise((resolve) => {
    const settle = (why: 'over' | 'timedOut' | 'aborted'): void => {
      signal?.removeEventListener('abort', abort);
      timer?.dispose();
      resolve(why);
    };
    const abort = (): void => settle('aborted');
    const timer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => settle('timedOut'));
    signal?.addEventListener('abort', abort);
    void work.then(() => settle('over'));
    if (signal?.aborted === true) abort();
  });
}

/** What is still in the pipes comes at once; whoever holds one open longer is not waited for. */
const DRAIN_MS = 300;
/** More than one wait: after a long pause of the event loop, a timer is due before the pipes were read. */
const DRAIN_ROUNDS = 3;

/** After the program's exit: reads what is left in its pipes, then closes them. */
export async function drain(child: Child, clock: Clock): Promise<void> {
  for (let round = 0; round < DRAIN_ROUNDS; round++) {
    if ((await firstOf(child.closed, { timeoutMs: DRAIN_MS }, clock)) === 'over') return;
  }
  child.stdout.destroy();
  child.stderr.destroy();
}

/** Asks every few milliseconds, less often as time goes, until the answer is yes or `limitMs` are over; says which. */
export async function until(met: () => Promise<boolean>, limitMs: number, clock: Clock): Promise<boolean> {
  const end = clock.monotonic() + limitMs;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    if (await met()) return true;
    const left = end - clock.monotonic();
    if (left <= 0) return false;
    await clock.pause(Math.min(wait, left));
  }
}

/** The clock's timers keep no process alive; this does, for as long as the work takes. */
export async function keepingAlive<T>(work: Promise<T>): Promise<T> {
  const { port1 } = new MessageChannel();
  port1.ref();
  try {
    return await work;
  } finally {
    port1.close();
  }
}
