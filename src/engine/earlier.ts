import { canonicalJson, sha256 } from '../base/canonical.ts';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Digest, type JobId } from '../domain/ids.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import type { Submitted } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';

/** How long a key names its job after the job has ended. */
const KEY_LIFETIME_MS = 24 * 3600 * 1000;

interface Keyed {
  readonly store: JobStore;
  readonly clock: Clock;
}

/**
 * The answer where the spec's key has a job already, whatever has become of HEAD and the working tree since; undefined where
 * it has none. Nothing is awaited to find that out: two submits with one key cannot both make a job.
 */
export function earlierJob(spec: JobSpec, from: Keyed): Promise<Result<Submitted, RelayError>> | undefined {
  const { idempotencyKey: key } = spec;
  const found = key === undefined ? undefined : from.store.byKey(key);
  if (key === undefined || found === undefined) return undefined;
  const isOver = found.finishedAt !== undefined && from.clock.now() - found.finishedAt > KEY_LIFETIME_MS;
  return isOver ? undefined : answered(spec, key, found, from.store);
}

async function answered(
  spec: JobSpec,
  key: string,
  { jobId, specDigest }: { readonly jobId: JobId; readonly specDigest: Digest },
  store: JobStore,
): Promise<Result<Submitted, RelayError>> {
  const durable = await store.settled();
  if (!durable.ok) return err(relayError('io', durable.error.message));
  if (specDigest !== digestOf(spec)) {
    const why = `The idempotency key "${key}" belongs to job ${jobId}, which has another spec. Use another key.`;
    return err(relayError('invalid', why));
  }
  const job = await store.get(jobId);
  if (!job.ok) return err(relayError(job.error.kind, job.error.message));
  return ok({ jobId, state: job.value.state, stateVersion: job.value.stateVersion, deduplicated: true });
}

export function digestOf(spec: JobSpec): Digest {
  return Digest.parse(sha256(canonicalJson(spec)));
}
