import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CallInput, CallOutput } from '../protocol/calls.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';

/** Puts back into the queue what failed for secrets that are none. Only a person says so. */
export async function liftFinds(
  { jobId, finds, origin }: CallInput<'lift'>,
  { store, clock }: { readonly store: JobStore; readonly clock: Clock },
): Promise<Result<CallOutput<'lift'>, RelayError>> {
  if (origin === 'mcp') return err(relayError('refused', 'Only a person may lift the find of a secret.'));
  const job = await store.get(jobId);
  if (!job.ok) return err(relayError(job.error.kind, job.error.message));
  const found = job.value.state === 'FAILED' ? (job.value.outcome.quarantine?.finds ?? []) : [];
  const unknown = finds.filter((fingerprint) => !found.some((find) => find.fingerprint === fingerprint));
  if (unknown.length > 0) {
    const known = [...new Set(found.map((find) => find.fingerprint))].join(', ');
    const why = known === '' ? 'It has none.' : `It has ${known}.`;
    return err(relayError('invalid', `Job ${jobId} did not fail for a secret "${unknown.join('", "')}". ${why}`));
  }
  const done = await store.append(jobId, { type: 'lifted', finds, by: origin }, clock.now());
  if (!done.ok) return err(relayError(done.error.kind, done.error.message));
  return ok({ state: done.value.state, stateVersion: done.value.stateVersion });
}
