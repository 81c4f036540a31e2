import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import { describe } from '../git/git.ts';
import type { BytePath } from '../git/path.ts';
import type { Scratch } from '../git/scratch.ts';
import { treeDiffs } from '../git/treeDiff.ts';
import { fitAll, type FitCase } from './fit.ts';
import { longestOrder, type Longest } from './orderSearch.ts';
import { PathSet } from './pathSet.ts';
import { TreeFitting, type Fitted, type PatchCase } from './treeFitting.ts';

/** What fits what; patches are told by their places. `order` is the longest that was found. */
export interface Ordered {
  readonly conflicts: readonly { readonly pair: readonly [number, number]; readonly paths: readonly BytePath[] }[];
  readonly order: readonly number[];
  readonly left: readonly Left[];
  readonly isBest: boolean;
}

/** Why a patch has no place in the order: HEAD does not take it, HEAD has it, or the others leave it none. */
export interface Left {
  readonly at: number;
  readonly why: 'head' | 'contained' | 'others';
  readonly paths: readonly BytePath[];
}

/** A patch, and all paths that it can meet others at; where HEAD takes it, the tree that HEAD becomes, and what changes. */
interface Alone {
  readonly at: number;
  readonly inHead?: { readonly tree: ObjectId; readonly changes: PatchCase['patch'] };
  readonly paths: readonly BytePath[];
}

/**
 * Which patches fit HEAD's tree, which of those fit each other, and an order that puts in the most of them. Patches that
 * touch nothing in common, by whatever chain of others, have nothing to do with each other. One that HEAD does not take may
 * still fit after another: a follow-up fits after what it follows.
 */
export async function orderOf(
  scratch: Scratch,
  head: ObjectId,
  patches: readonly PatchCase[],
  signal: AbortSignal,
): Promise<Result<Ordered, string>> {
  const fitting = new TreeFitting(scratch, patches);
  const first = await fitting.put(patches.map((_patch, at) => ({ tree: head, at })));
  if (!first.ok) return first;
  const contained = patches.flatMap((_patch, at) => (isThere(first.value[at]) ? [at] : []));
  const alone = await alonesOf(scratch, head, patches, first.value);
  if (!alone.ok) return alone;
  const groups = groupsOf(alone.value);
  const conflicts = await conflictsIn(scratch, head, groups);
  if (!conflicts.ok) return conflicts;
  const found: Longest[] = [];
  const left: Left[] = contained.map((at) => ({ at, why: 'contained', paths: [] }));
  for (const group of groups) {
    if (signal.aborted) return err('the relay is going down');
    const longest = await longestOrder(quietFirst(group, conflicts.value), head, (asked) => fitting.put(asked));
    if (!longest.ok) return longest;
    found.push(longest.value);
    const unfit = group.filter(({ at }) => !longest.value.order.includes(at));
    // Why HEAD does not take it is told where it does not; of the others, what they are in the way of at the end.
    const ends = await fitting.put(
      unfit.map(({ at, inHead }) => ({ tree: inHead === undefined ? head : longest.value.tree, at })),
    );
    if (!ends.ok) return ends;
    for (const [nth, { at, inHead }] of unfit.entries()) {
      const end = ends.value[nth];
      const paths = end?.kind === 'conflict' ? end.paths : [];
      left.push({ at, why: inHead === undefined ? 'head' : 'others', paths });
    }
  }
  return ok({
    conflicts: conflicts.value,
    order: found.flatMap(({ order }) => order),
    left: left.sort((one, other) => one.at - other.at),
    isBest: found.every(({ isBest }) => isBest),
  });
}

type Conflicts = Ordered['conflicts'];

function isThere(fitted: Fitted | undefined): boolean {
  return fitted?.kind === 'fits' && fitted.isThere;
}

/** Without those that HEAD has. Also what a patch changes in HEAD itself: a file may have moved since its baseline. */
async function alonesOf(
  scratch: Scratch,
  head: ObjectId,
  patches: readonly PatchCase[],
  inHead: readonly Fitted[],
): Promise<Result<readonly Alone[], string>> {
  const trees = inHead.map((fitted) => (fitted.kind === 'fits' ? fitted.tree : head));
  const diffs = await treeDiffs(
    scratch.git,
    trees.map((tree) => ({ from: head, to: tree })),
  );
  if (!diffs.ok) return err(describe(diffs.error));
  return ok(
    patches.flatMap(({ patch }, at): readonly Alone[] => {
      const fitted = inHead[at];
      if (fitted === undefined || isThere(fitted)) return [];
      const changes = diffs.value[at] ?? [];
      const paths = [...patch, ...changes].map(({ path }) => path);
      return [{ at, paths, ...(fitted.kind === 'fits' ? { inHead: { tree: fitted.tree, changes } } : {}) }];
    }),
  );
}

/** Those that meet, directly or by others. */
function groupsOf(alone: readonly Alone[]): readonly (readonly Alone[])[] {
  let groups: { readonly members: readonly Alone[]; readonly sets: readonly PathSet[] }[] = [];
  for (const one of alone) {
    const meets = (sets: readonly PathSet[]): boolean => one.paths.some((path) => sets.some((set) => set.meets(path)));
    const near = groups.filter(({ sets }) => meets(sets));
    groups = groups.filter((group) => !near.includes(group));
    const sets = [...near.flatMap((group) => group.sets), new PathSet(one.paths)];
    groups.push({ members: [...near.flatMap(({ members }) => members), one], sets });
  }
  return groups
    .map(({ members }) => members.toSorted((one, other) => one.at - other.at))
    .sort(([one], [other]) => (one?.at ?? 0) - (other?.at ?? 0));
}

async function conflictsIn(
  scratch: Scratch,
  head: ObjectId,
  groups: readonly (readonly Alone[])[],
): Promise<Result<Conflicts, string>> {
  const pairs = groups.flatMap((group) =>
    group.flatMap((one, nth) => group.slice(nth + 1).flatMap((other) => pairOf(head, one, other))),
  );
  const cases = pairs.map(({ fit }) => fit);
  const fits = await fitAll(scratch, cases);
  if (!fits.ok) return fits;
  const conflicts: Conflicts[number][] = [];
  for (const [nth, { one, other }] of pairs.entries()) {
    const fit = fits.value[nth];
    if (fit?.state === 'conflict') conflicts.push({ pair: [one.at, other.at], paths: fit.paths });
  }
  return ok(conflicts);
}

/** Two that HEAD takes each. */
function pairOf(base: ObjectId, one: Alone, other: Alone): readonly Pair[] {
  if (one.inHead === undefined || other.inHead === undefined) return [];
  const { tree: theirs, changes: patch } = other.inHead;
  return [{ one, other, fit: { base, ours: one.inHead.tree, theirs, patch } }];
}

interface Pair {
  readonly one: Alone;
  readonly other: Alone;
  readonly fit: FitCase;
}

/** By how many others they conflict with, then as they stand: of a large group, the first try is all that there is. */
function quietFirst(group: readonly Alone[], conflicts: Conflicts): readonly number[] {
  const loud = new Map(group.map(({ at }) => [at, conflicts.filter(({ pair }) => pair.includes(at)).length]));
  const places = group.map(({ at }) => at);
  return places.sort((one, other) => (loud.get(one) ?? 0) - (loud.get(other) ?? 0) || one - other);
}
