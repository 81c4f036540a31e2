import type { Clock } from '../base/clock.ts';
import { AUTO } from '../domain/jobSpec.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Staff } from './choice.ts';

/** How long jobs of an earlier host wait for an executor that is not there yet: extensions bring theirs when they start. */
const ABSENT_MS = 30_000;

/** Holds the executors that live jobs name and nobody has brought so far. */
export function awaitAbsent(store: JobStore, { executors, holds }: Staff, clock: Clock): void {
  const named = new Set(store.live().map(({ executor }) => executor));
  for (const name of named) {
    if (name === AUTO || executors.get(name).ok) continue;
    holds.await(name, `"${name}" is not there yet: an extension may bring it.`, clock.now() + ABSENT_MS);
  }
}
