import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Lane } from '../base/lane.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { JobId, ObjectId } from '../domain/ids.ts';
import { describe } from '../git/git.ts';
import { rebuilt } from '../git/proof.ts';
import type { Scratch } from '../git/scratch.ts';
import { treeDiffs, type TreeChange } from '../git/treeDiff.ts';
import type { Vault } from '../store/vault.ts';
import { ensureBaseline } from './baseline.ts';
import type { Candidate } from './candidate.ts';
import type { Ground, Sources } from './sources.ts';

/** A patch as trees: the baseline's and what differs from it in the result's. */
export interface PatchTrees {
  readonly base: ObjectId;
  readonly patch: readonly TreeChange[];
}

/** Larger patches are read again each time. */
const MOST_KEPT = 2000;

/** What patches change, which never changes: read from the mirror, which is made again where it was deleted. */
export class PatchesAsTrees {
  readonly #sources: Sources;
  readonly #vault: Vault;
  readonly #kept = new Map<JobId, PatchTrees>();
  readonly #lane = new Lane();

  constructor({ sources, vault }: { readonly sources: Sources; readonly vault: Vault }) {
    this.#sources = sources;
    this.#vault = vault;
  }

  known({ jobId }: Candidate): PatchTrees | undefined {
    return this.#kept.get(jobId);
  }

  forget(jobId: JobId): void {
    this.#kept.delete(jobId);
  }

  /** The tree of a patch's baseline, once its own and the result's are in the mirror; or why they cannot be. */
  async base(candidate: Candidate, signal: AbortSignal): Promise<Result<ObjectId, string>> {
    const ground = await this.#sources.ground(candidate);
    if (!ground.ok) return err(ground.error.message);
    const { mirror } = ground.value;
    const [base, result] = await Promise.all([
      mirror.objects.commitTree(candidate.baseline),
      mirror.objects.facts(candidate.resultTree),
    ]);
    if (base.ok && result.ok) return base;
    // One after another: each takes processes of its own.
    return this.#lane.run(() => this.#rebuild(candidate, ground.value, signal));
  }

  async #rebuild(candidate: Candidate, { mirror }: Ground, signal: AbortSignal): Promise<Result<ObjectId, string>> {
    if (signal.aborted) return err('the relay is going down');
    const ensured = await ensureBaseline(candidate, { mirror, vault: this.#vault }, signal);
    if (!ensured.ok) return err(ensured.error.message);
    const bytes = await this.#vault.read(candidate.patch);
    if (!bytes.ok) return err(bytes.error.message);
    const index = join(this.#sources.temporary, `index-${randomBytes(6).toString('hex')}`);
    const made = await rebuilt(mirror.git.until(signal), candidate.baseline, index, bytes.value);
    if (!made.ok) return err(describe(made.error));
    return made.value === candidate.resultTree ? ensured : err('its patch does not make its result any more');
  }

  /** Of patches whose trees are there, in their order. */
  async read(
    scratch: Scratch,
    asked: readonly { readonly candidate: Candidate; readonly base: ObjectId }[],
  ): Promise<Result<readonly PatchTrees[], string>> {
    const unread = asked.filter(({ candidate }) => !this.#kept.has(candidate.jobId));
    const diffs = await treeDiffs(
      scratch.git,
      unread.map(({ candidate, base }) => ({ from: base, to: candidate.resultTree })),
    );
    if (!diffs.ok) return err(describe(diffs.error));
    const read = new Map(unread.map(({ candidate, base }, at) => [candidate.jobId, treesOf(base, diffs.value[at])]));
    for (const [jobId, trees] of read) if (trees.patch.length <= MOST_KEPT) this.#kept.set(jobId, trees);
    return ok(asked.map(({ candidate: { jobId }, base }) => read.get(jobId) ?? this.#kept.get(jobId) ?? treesOf(base)));
  }
}

function treesOf(base: ObjectId, patch: readonly TreeChange[] = []): PatchTrees {
  return { base, patch };
}
