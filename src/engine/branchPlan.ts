import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { SucceededJob } from '../domain/job.ts';
import { changedPaths } from '../git/branchCommit.ts';
import { describe, type GitError } from '../git/git.ts';
import { fields, shown, type BytePath } from '../git/path.ts';
import { rebuilt } from '../git/proof.ts';
import type { Scratch } from '../git/scratch.ts';
import { mergeTrees, type MergeError } from '../git/threeWay.ts';
import type { BranchTarget, FileDelivery } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import { ensureBaseline } from './baseline.ts';
import type { Sources } from './sources.ts';

/** What a patch becomes as a commit. */
export interface BranchPlan {
  readonly parent: ObjectId;
  /** Undefined where there are conflicts. */
  readonly tree: ObjectId | undefined;
  readonly report: readonly FileDelivery[];
}

export interface BranchQuestion {
  readonly job: SucceededJob;
  readonly patch: Buffer;
  /** The tree that the patch has been proven to make: that, and no other, is committed. Undefined of a part of a patch. */
  readonly proven: ObjectId | undefined;
  readonly target: BranchTarget;
  /** Of the record: a baseline that is no commit of the repository is there. */
  readonly vault: Vault;
}

type Planned<T> = Promise<Result<T, RelayError>>;

/** The tree of the commit and what it stands on, in a scratch repository: nothing of the user's is written. */
export async function planBranch(
  sources: Sources,
  scratch: Scratch,
  { job, patch, proven, target, vault }: BranchQuestion,
): Planned<BranchPlan> {
  const baseTree = await baselineTree(sources, job, vault);
  if (!baseTree.ok) return baseTree;
  const made = await rebuilt(scratch.git, job.baseline, scratch.file('index'), patch);
  if (!made.ok) return err(relayError('internal', `The patch of job ${job.id} makes no tree: ${describe(made.error)}`));
  if (proven !== undefined && proven !== made.value) {
    return err(relayError('internal', `The patch of job ${job.id} does not make the tree that was proven.`));
  }
  const parent = await parentOf(sources, job, target);
  if (!parent.ok) return parent;
  if (parent.value === job.baseline)
    return planned(scratch, { parent: parent.value, from: baseTree.value, to: made.value });
  const ours = await treeOf(sources, job.workspace, parent.value);
  if (!ours.ok) return ours;
  const read = await scratch.readAttributes(ours.value);
  if (!read.ok) return err(unmerged(read.error));
  const merges = await mergeTrees(scratch, [{ base: baseTree.value, ours: ours.value, theirs: made.value }]);
  if (!merges.ok) return err(unmerged(merges.error));
  const [merge] = merges.value;
  if (merge === undefined) return err(relayError('internal', `git merged nothing for job ${job.id}.`));
  if (merge.kind === 'conflict') {
    const moved = [baseTree.value, ours.value] as const;
    const parts = { parent: parent.value, from: baseTree.value, to: made.value, conflicts: merge.paths, moved };
    return planned(scratch, parts);
  }
  if (merge.tree === ours.value) {
    const why = `HEAD of "${job.workspace}" has all that the patch of job ${job.id} changes: there is nothing to commit.`;
    return err(relayError('illegal', why));
  }
  const moved = [made.value, merge.tree] as const;
  return planned(scratch, { parent: parent.value, from: ours.value, to: merge.tree, moved });
}

interface PlannedParts {
  readonly parent: ObjectId;
  /** The trees whose difference is told. */
  readonly from: ObjectId;
  readonly to: ObjectId;
  readonly conflicts?: readonly BytePath[];
  /** Two trees: where they differ, the file is none that was proven. Missing where all was. */
  readonly moved?: readonly [ObjectId, ObjectId];
}

async function planned(scratch: Scratch, parts: PlannedParts): Planned<BranchPlan> {
  const { parent, from, to, conflicts = [], moved } = parts;
  const changed = await changedPaths(scratch.git, from, to);
  if (!changed.ok) return err(relayError('internal', describe(changed.error)));
  const other = moved === undefined ? ok(Buffer.of()) : await changedPaths(scratch.git, ...moved);
  if (!other.ok) return err(relayError('internal', describe(other.error)));
  const [among, unproven] = [new Set(conflicts), new Set(fields(other.value))];
  const report = [...new Set([...fields(changed.value), ...conflicts])].map((path): FileDelivery => {
    if (among.has(path)) return { path: shown(path), verdict: 'conflict', detail: 'HEAD has another change there' };
    if (!unproven.has(path)) return { path: shown(path), verdict: 'clean' };
    return { path: shown(path), verdict: 'merged', detail: 'it was proven on the baseline, not on HEAD' };
  });
  return ok({ parent, tree: conflicts.length === 0 ? to : undefined, report });
}

/** The baseline where it is a commit of the repository's (or what it was made on) and nothing else is asked for; else HEAD. */
async function parentOf(
  sources: Sources,
  { workspace, baseline, graft }: SucceededJob,
  { from }: BranchTarget,
): Planned<ObjectId> {
  const known = await sources.find(workspace, from === 'baseline' ? (graft?.on ?? baseline) : 'HEAD');
  if (!known.ok) return err(relayError('blocked', known.error.message));
  if (known.value.commit !== undefined) return ok(known.value.commit);
  const head = from === 'head' ? known : await sources.find(workspace, 'HEAD');
  if (!head.ok) return err(relayError('blocked', head.error.message));
  if (head.value.commit !== undefined) return ok(head.value.commit);
  const why = `"${workspace}" has no commit that a branch could stand on. Make a first commit, then apply again.`;
  return err(relayError('blocked', why));
}

async function baselineTree(sources: Sources, job: SucceededJob, vault: Vault): Planned<ObjectId> {
  const ground = await sources.ground(job);
  if (!ground.ok) return err(relayError('blocked', ground.error.message));
  const { mirror } = ground.value;
  const tree = await ensureBaseline(job, { mirror, vault }, new AbortController().signal);
  return tree.ok ? tree : err(relayError('blocked', tree.error.message));
}

async function treeOf(sources: Sources, workspace: string, commit: ObjectId): Planned<ObjectId> {
  const repository = await sources.repository(workspace);
  if (!repository.ok) return err(relayError('blocked', repository.error.message));
  const tree = await repository.value.catFile.commitTree(commit);
  return tree.ok ? tree : err(relayError('blocked', `The commit ${commit} of "${workspace}" cannot be read.`));
}

function unmerged(error: MergeError | GitError): RelayError {
  return error.kind === 'old' ? relayError('blocked', error.message) : relayError('internal', describe(error));
}
