import { err, ok, type Result } from '../base/result.ts';
import type { Job } from '../domain/job.ts';
import type { CallInput, CallOutput } from '../protocol/calls.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';

/** A part of all that a check printed. Of several checks with one name, the first that printed anything is meant. */
export async function checkOutputOf(
  job: Job,
  { check: name, offset, maxBytes }: CallInput<'checkOutput'>,
  vault: Vault,
): Promise<Result<CallOutput<'checkOutput'>, RelayError>> {
  const checks = job.state === 'SUCCEEDED' || job.state === 'FAILED' ? job.outcome.checks : [];
  const named = checks.filter((check) => check.name === name);
  const output = named.find((check) => check.output !== undefined)?.output;
  if (output === undefined) {
    const has = checks.flatMap((check) => (check.output === undefined ? [] : [check.name]));
    const those = has.length === 0 ? 'none of its checks has' : `these have: ${has.join(', ')}`;
    const what = named.length === 0 ? `has no check "${name}"` : `has no output of the check "${name}"`;
    return err(relayError('notFound', `Job ${job.id} (${job.state}) ${what}; ${those}.`));
  }
  const length = Math.max(0, Math.min(maxBytes, output.bytes - offset));
  const bytes = await vault.read(output.digest, { offset, length });
  if (!bytes.ok) return err(relayError('io', bytes.error.message));
  return ok({ base64: bytes.value.toString('base64'), offset, totalBytes: output.bytes });
}
