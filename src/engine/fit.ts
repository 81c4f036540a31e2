import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import { describe } from '../git/git.ts';
import type { BytePath } from '../git/path.ts';
import type { Scratch } from '../git/scratch.ts';
import { mergeTrees } from '../git/threeWay.ts';
import { treeDiffs, type TreeChange } from '../git/treeDiff.ts';
import { PathSet } from './pathSet.ts';

/** A patch as the trees on both sides of it, with what it changes, and the tree that it is to come into. */
export interface FitCase {
  readonly base: ObjectId;
  readonly theirs: ObjectId;
  readonly patch: readonly TreeChange[];
  readonly ours: ObjectId;
}

/** How a patch fits a tree. `paths`: what both sides changed, or where they say something else. */
export type Fit =
  | { readonly state: 'clean' | 'contained' }
  | { readonly state: 'merged' | 'conflict'; readonly paths: readonly BytePath[]; readonly tree?: ObjectId }
  /** This git merges no trees. */
  | { readonly state: 'unknown'; readonly why: string };

/**
 * How each patch fits its tree: one process for all differences, and one batch of merges for those that both sides changed.
 * The answers are in the order of the questions.
 */
export async function fitAll(scratch: Scratch, cases: readonly FitCase[]): Promise<Result<readonly Fit[], string>> {
  const since = await treeDiffs(
    scratch.git,
    cases.map(({ base, ours }) => ({ from: base, to: ours })),
  );
  if (!since.ok) return err(describe(since.error));
  const looks = cases.map(({ patch }, at) => compared(patch, since.value[at] ?? []));
  const toMerge = cases.flatMap((one, at) => (looks[at]?.kind === 'both' ? [{ ...one, at }] : []));
  const merges = await mergeTrees(scratch, toMerge);
  if (!merges.ok && merges.error.kind !== 'old') return err(describe(merges.error));
  const merged = new Map(toMerge.map(({ at }, nth) => [at, merges.ok ? merges.value[nth] : undefined]));
  return ok(
    looks.map((look, at): Fit => {
      if (look.kind !== 'both') return { state: look.kind };
      const merge = merged.get(at);
      if (merge === undefined) return { state: 'unknown', why: merges.ok ? 'git told no merge' : OLD };
      if (merge.kind === 'conflict') return { state: 'conflict', paths: [...new Set(merge.paths.map(withoutSide))] };
      if (merge.tree === cases[at]?.ours) return { state: 'contained' };
      return { state: 'merged', paths: look.paths, tree: merge.tree };
    }),
  );
}

/** Where a file and a folder meet, git puts one aside under a name with the commit of its side. */
function withoutSide(path: BytePath): BytePath {
  return path.replace(/~(?:[0-9a-f]{40}|[0-9a-f]{64})(?:_\d+)?$/, '');
}

const OLD = 'this git cannot merge what changed on both sides: 2.39 and newer do';

type Compared =
  { readonly kind: 'clean' | 'contained' } | { readonly kind: 'both'; readonly paths: readonly BytePath[] };

/** What a patch changes against what has changed since its baseline, without a look into any file. */
function compared(patch: readonly TreeChange[], since: readonly TreeChange[]): Compared {
  const moved = new PathSet(since.map(({ path }) => path));
  const paths = patch.flatMap(({ path }) => (moved.meets(path) ? [path] : []));
  if (paths.length === 0) return { kind: 'clean' };
  const now = new Map(since.map((change) => [change.path, change]));
  const isThere = ({ path, mode, id }: TreeChange): boolean => {
    const found = now.get(path);
    return found?.mode === mode && found.id === id;
  };
  return patch.every(isThere) ? { kind: 'contained' } : { kind: 'both', paths };
}
