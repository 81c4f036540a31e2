import { err, ok, type Result } from '../base/result.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { Digest, ObjectId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import { describe } from '../git/git.ts';
import type { Mirror } from '../git/mirror.ts';
import { applied, writeIndex } from '../git/proof.ts';
import type { Vault } from '../store/vault.ts';
import { ensureBaseline } from './baseline.ts';

export interface RemakePlace {
  readonly mirror: Mirror;
  /** Where baselines are that no repository has. */
  readonly vault: Vault;
  /** Where the baseline's index is written, to stay; and where one may be written and removed. */
  readonly baseIndex: string;
  readonly scratchIndex: string;
}

/** A patch and the trees on both sides of it. */
export interface Remade {
  readonly patch: Buffer;
  readonly baseTree: ObjectId;
  readonly resultTree: ObjectId;
}

/** What a kept patch makes of its job's baseline, from the vault and the mirror alone: no slot, and no executor. */
export async function remake(
  job: Job,
  kept: { readonly vault: Vault; readonly digest: Digest },
  { mirror, vault, baseIndex, scratchIndex }: RemakePlace,
  signal: AbortSignal,
): Promise<Result<Remade, Failure>> {
  const patch = await kept.vault.read(kept.digest);
  if (!patch.ok) return broken(`The patch of job ${job.id} cannot be read: ${patch.error.message}.`);
  const baseTree = await ensureBaseline(job, { mirror, vault }, signal);
  if (!baseTree.ok) return err(failure('EXECUTOR_ERROR', baseTree.error.message));
  const index = await writeIndex(mirror.git, job.baseline, baseIndex);
  if (!index.ok) return broken(describe(index.error));
  if (patch.value.byteLength === 0)
    return ok({ patch: patch.value, baseTree: baseTree.value, resultTree: baseTree.value });
  const tree = await applied(mirror.git, baseIndex, scratchIndex, patch.value);
  if (tree.ok) return ok({ patch: patch.value, baseTree: baseTree.value, resultTree: tree.value });
  return err(failure('CONFLICT', `The patch does not apply to the baseline: ${describe(tree.error)}`));
}

function broken(message: string): Result<never, Failure> {
  return err(failure('INTERNAL_ERROR', message));
}
