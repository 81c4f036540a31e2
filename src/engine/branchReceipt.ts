import * as z from 'zod';
import { err, ok, type Result } from '../base/result.ts';
import { Chosen } from '../domain/chosen.ts';
import { JobId, ObjectId, type Digest } from '../domain/ids.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';

/** What a delivery to a branch makes: kept before it is made, so that an undo or a recovery knows its own. */
export const BranchReceipt = z.object({
  kind: z.literal('branch'),
  jobId: JobId,
  workspace: z.string(),
  branch: z.string(),
  commit: ObjectId,
  parent: ObjectId,
  /** Missing where it is the whole patch. */
  chosen: z.array(Chosen).optional(),
});
export type BranchReceipt = z.infer<typeof BranchReceipt>;

export async function keepBranchReceipt(vault: Vault, receipt: BranchReceipt): Promise<Result<Digest, RelayError>> {
  const stored = await vault.put(Buffer.from(JSON.stringify(receipt)));
  return stored.ok ? ok(stored.value.digest) : err(relayError('io', stored.error.message));
}

export async function readBranchReceipt(
  vault: Vault,
  jobId: JobId,
  digest: Digest,
): Promise<Result<BranchReceipt, RelayError>> {
  const bytes = await vault.read(digest);
  if (!bytes.ok) return err(relayError('io', bytes.error.message));
  const receipt = BranchReceipt.safeParse(JSON.parse(bytes.value.toString('utf8')));
  return receipt.success
    ? ok(receipt.data)
    : err(relayError('internal', `The receipt of job ${jobId} cannot be read.`));
}
