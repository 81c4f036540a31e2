import { failure } from '../domain/failure.ts';
import type { QueuedJob } from '../domain/job.ts';
import { choose, orderOf } from '../executors/choice.ts';
import type { ExecutorRegistry } from '../executors/registry.ts';
import type { ExecutorView } from '../protocol/executorView.ts';
import type { Holds } from './holds.ts';
import type { Choice } from './scheduler.ts';

/** What is known of the executors, and what the user wants of them. */
export interface Staff {
  readonly executors: ExecutorRegistry;
  readonly holds: Holds;
  /** The user's order; asked whenever one is to be chosen. */
  readonly order: () => readonly string[] | undefined;
}

/** The executor for a job that names none. */
export async function choiceFor({ spec }: QueuedJob, { executors, holds, order }: Staff): Promise<Choice> {
  const chosen = await choose(executors, spec, { order: order(), isHeld: (name) => holds.get(name) !== undefined });
  if (chosen.ok) return { kind: 'chosen', executor: chosen.value };
  const { kind, message } = chosen.error;
  // Where the hold has ended meanwhile, one can be had at once.
  if (kind === 'busy') return { kind: 'later', until: holds.firstOf(executors.names()) ?? 0 };
  return { kind: 'none', failure: failure('EXECUTOR_ERROR', message) };
}

/** Each executor with whether it can run now; those of the user's order come first, in that order. */
export async function viewsOf({ executors, holds, order }: Staff, anew: boolean): Promise<readonly ExecutorView[]> {
  const wanted = orderOf(order());
  const found = await executors.found(anew);
  const views = found.map(({ executor: { name, abilities }, readiness }): ExecutorView => {
    const hold = holds.get(name);
    const place = wanted.indexOf(name);
    return {
      name,
      ...readiness,
      sandboxes: [...abilities.sandboxes],
      budgets: [...abilities.budgets],
      ...(abilities.resumes === true ? { resumes: true } : {}),
      ...(place < 0 ? {} : { place: place + 1 }),
      ...(hold === undefined ? {} : { heldUntil: hold.until, heldBecause: hold.message }),
    };
  });
  return views.sort((a, b) => (a.place ?? Infinity) - (b.place ?? Infinity) || (a.name < b.name ? -1 : 1));
}
