import type { Usage } from './artifact.ts';
import type { JobEvent } from './event.ts';
import type { Job } from './job.ts';
import { spentBy, type Spent } from './spent.ts';

/** What an event adds to the totals of a day and an executor. An attempt that was stopped is none of the two ends. */
export interface Charge {
  /** When the attempt ended, by UTC: YYYY-MM-DD. */
  readonly day: string;
  readonly executor: string;
  readonly attempts: 0 | 1;
  readonly succeeded: 0 | 1;
  readonly failed: 0 | 1;
  readonly spent: Spent;
}

/**
 * What `event` costs, `job` being as it was before it, and the event one that it takes. Each attempt is charged once, at
 * its end; what a stopped one used comes later, with `sealed`, and counts for the same day. A patch that is judged again
 * is no attempt of an executor's: it costs nothing.
 */
export function chargeOf(job: Job, event: JobEvent, at: number): Charge | undefined {
  if (event.type === 'sealed') return sealedCharge(job, event.usage);
  if ((job.state !== 'RUNNING' && job.state !== 'WAITING') || job.rejudged !== undefined) return undefined;
  const charge = (usage: Usage | undefined, until: number, end?: 'succeeded' | 'failed'): Charge => ({
    day: dayOf(at),
    executor: job.executor,
    attempts: 1,
    succeeded: end === 'succeeded' ? 1 : 0,
    failed: end === 'failed' ? 1 : 0,
    spent: spentBy(usage, until - job.startedAt),
  });
  switch (event.type) {
    case 'succeeded':
      return charge(event.outcome.usage, at, 'succeeded');
    case 'failed':
    case 'attemptFailed':
      return charge(event.outcome.usage, at, 'failed');
    case 'deferred':
      return charge(event.usage, at);
    case 'attemptLost':
      // Nobody knows when a host died: the time until the next one is not the attempt's.
      return charge(event.usage, event.drained === true ? at : job.startedAt);
    case 'canceled':
      return charge(undefined, at);
    case 'expired':
      // Told later, where no host was there at the time.
      return charge(undefined, Math.min(at, job.expiresAt));
    case 'submitted':
    case 'leased':
    case 'asked':
    case 'answered':
    case 'lifted':
    case 'deliveryStarted':
    case 'delivered':
    case 'undoStarted':
    case 'undone':
    case 'published':
    case 'notified':
    case 'deleted':
      return undefined;
  }
}

function sealedCharge(job: Job, usage: Usage | undefined): Charge | undefined {
  if (usage === undefined || (job.state !== 'CANCELED' && job.state !== 'EXPIRED')) return undefined;
  const none = { attempts: 0, succeeded: 0, failed: 0 } as const;
  return { day: dayOf(job.finishedAt), executor: job.executor, ...none, spent: spentBy(usage, 0) };
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
