import { systemClock } from '../../src/base/clock.ts';

/** Looks again until something is there; what it waited for is said when it never comes. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 30_000,
): Promise<T> {
  for (const start = systemClock.monotonic(); ;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (systemClock.monotonic() - start > limitMs) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
    await systemClock.pause(50);
  }
}
