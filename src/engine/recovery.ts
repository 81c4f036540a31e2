import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Delivery } from './delivery.ts';

export interface RecoveryOptions {
  readonly store: JobStore;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What a new host does with the record of one that ended: attempts that were under way are lost and queued again, jobs
 * whose time is over expire, and deliveries that were cut off are finished or taken back. The processes of the lost
 * attempts have been ended before (host.ts).
 */
export async function recover({ store, delivery, clock, log }: RecoveryOptions): Promise<Result<void, RelayError>> {
  for (const job of store.live()) {
    const isLate = clock.now() >= job.expiresAt;
    if (!isLate && job.state === 'QUEUED') continue;
    const event = isLate ? ({ type: 'expired' } as const) : ({ type: 'attemptLost', attempt: job.attempt } as const);
    const done = await store.append(job.id, event, clock.now());
    if (!done.ok) return err(relayError(done.error.kind === 'io' ? 'io' : 'internal', done.error.message));
    log.write('info', 'recovered a job', { jobId: job.id, was: job.state, is: done.value.state });
  }
  for (const jobId of store.delivering()) await delivery.recover(jobId);
  return ok(undefined);
}
