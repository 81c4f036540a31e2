import { err, ok, type Result } from '../base/result.ts';
import type { Graft } from '../domain/graft.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import { describe } from '../git/git.ts';
import { graftOf, type Grafted } from '../git/graft.ts';
import type { Mirror, MirrorError } from '../git/mirror.ts';
import type { Scratch } from '../git/scratch.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';

/** A commit that a job starts from, and where it is to be had if the source repository has it not. */
export interface Baseline {
  readonly baseline: ObjectId;
  readonly graft: Graft;
}

/**
 * Makes a baseline of a tree: a commit on `parent`, whose pack is in the vault when this resolves, so that an event may name
 * it. The scratch repository must have the tree, or read it.
 */
export async function graft(
  scratch: Scratch,
  grafted: Grafted,
  { vault }: { readonly vault: Vault },
): Promise<Result<Baseline, RelayError>> {
  const made = await graftOf(scratch, grafted);
  if (!made.ok) return err(relayError('io', `The baseline could not be packed: ${describe(made.error)}`));
  const kept = await vault.putFile(made.value.file);
  if (!kept.ok) return err(relayError('io', kept.error.message));
  return ok({ baseline: made.value.commit, graft: { on: grafted.on, pack: kept.value.digest } });
}

/** Makes sure that the mirror has a job's baseline, wherever it comes from; answers its tree. */
export function ensureBaseline(
  job: Pick<Job, 'baseline' | 'graft'>,
  { mirror, vault }: { readonly mirror: Mirror; readonly vault: Vault },
  signal: AbortSignal,
): Promise<Result<ObjectId, MirrorError>> {
  const from = job.graft === undefined ? undefined : { on: job.graft.on, file: vault.pathOf(job.graft.pack) };
  return mirror.ensure(job.baseline, signal, from);
}

/** Where secrets may stand, if not at the baseline. */
export function committedOf({ graft: from }: Pick<Job, 'graft'>): { readonly committed?: ObjectId } {
  return from === undefined ? {} : { committed: from.on };
}

/** For people: what kind of baseline it is. */
export function toldOf({ on, leftOut = [] }: Graft): string {
  const without = leftOut.length === 0 ? '' : `; without ${leftOut.join(', ')}`;
  return `the baseline is no commit of the repository: it was made on ${on}${without}`;
}
