import { err, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import { PATCH_ARGS, readable } from '../git/difference.ts';
import { describe, type GitError } from '../git/git.ts';
import { NO_MODE, patchFiles, type PatchFile } from '../git/patchFiles.ts';
import { shown, type BytePath } from '../git/path.ts';
import { rebuilt, writeIndex } from '../git/proof.ts';
import { renames } from '../git/renames.ts';
import type { Scratch } from '../git/scratch.ts';
import { partOf, type Selection } from '../git/selection.ts';
import { mergeTrees } from '../git/threeWay.ts';
import type { Fate, Landing } from './landing.ts';

export interface OntoHead {
  /** It reads the baseline and HEAD. */
  readonly scratch: Scratch;
  /** The baseline's tree, and HEAD's; no HEAD where nothing is committed yet. */
  readonly base: ObjectId;
  readonly head: ObjectId | undefined;
  readonly patch: Buffer;
  readonly files: readonly PatchFile[];
  readonly selection: Selection;
  /** Files of the patch that HEAD has otherwise than the baseline. */
  readonly moved: ReadonlySet<BytePath>;
  /** Files that the working tree has as the baseline has them, whatever HEAD has. */
  readonly asBaseline: readonly PatchFile[];
}

const NOT_ON_HEAD = 'it was proven on the baseline, not on HEAD';
const BOTH_SIDES =
  'HEAD and the patch have both changed it since the baseline, in the same place: leave it out, or run the job again on HEAD';

/**
 * A part of a patch on what HEAD has become: merged as git merges, and told as a patch on HEAD. What conflicts is told, and
 * the rest is merged without it, so that each file has its word. Nothing of it is kept.
 */
export async function ontoHead(options: OntoHead): Promise<Result<Landing, GitError>> {
  const { scratch, base } = options;
  const ours = await oursOf(options);
  if (!ours.ok) return ours;
  const attributes = await scratch.readAttributes(ours.value);
  if (!attributes.ok) return attributes;
  const fates = new Map<BytePath, Fate>();
  let selection = options.selection;
  while (selection.size > 0) {
    const merged = await mergedTree(options, ours.value, selection);
    if (!merged.ok) return merged;
    if (merged.value.kind === 'merged') {
      const landing = await landingOf(options, { base, ours: ours.value, tree: merged.value.tree }, selection);
      if (!landing.ok) return landing;
      return ok({ patch: landing.value.patch, fates: new Map([...fates, ...landing.value.fates]) });
    }
    const { detail, paths } = merged.value;
    for (const path of paths) fates.set(path, { kind: 'conflict', detail });
    selection = new Map([...selection].filter(([path]) => !paths.has(path)));
  }
  return ok({ patch: Buffer.alloc(0), fates });
}

type Attempt =
  | { readonly kind: 'merged'; readonly tree: ObjectId }
  /** `paths`: at least one of the selection. */
  | { readonly kind: 'conflict'; readonly paths: ReadonlySet<BytePath>; readonly detail: string };

async function mergedTree(
  { scratch, base, patch, files, moved }: OntoHead,
  ours: ObjectId,
  selection: Selection,
): Promise<Result<Attempt, GitError>> {
  const part = partOf(patch, files, selection);
  const movedHere = new Set([...selection.keys()].filter((path) => moved.has(path)));
  const ground = movedHere.size === 0 ? ours : base;
  const theirs = await rebuilt(scratch.git, ground, scratch.file('index'), part);
  // What was chosen does not stand by itself: a file in the place of a folder that stays.
  if (!theirs.ok) return ok({ kind: 'conflict', paths: new Set(selection.keys()), detail: describe(theirs.error) });
  if (movedHere.size === 0) return ok({ kind: 'merged', tree: theirs.value });
  const merges = await mergeTrees(scratch, [{ base, ours, theirs: theirs.value }]);
  if (!merges.ok && merges.error.kind !== 'old') return err(merges.error);
  if (!merges.ok) return ok({ kind: 'conflict', paths: movedHere, detail: messageIn(merges.error) });
  const [merge] = merges.value;
  if (merge?.kind === 'merged') return ok(merge);
  const named = new Set((merge?.paths ?? []).filter((path) => selection.has(path)));
  // Where HEAD calls the file otherwise, git names it so.
  return ok({ kind: 'conflict', paths: named.size > 0 ? named : movedHere, detail: BOTH_SIDES });
}

function messageIn(error: GitError | { readonly kind: 'old'; readonly message: string }): string {
  return error.kind === 'old' ? error.message : describe(error);
}

/** HEAD's tree, with what the working tree has as in the baseline. */
async function oursOf({ scratch, head, asBaseline }: OntoHead): Promise<Result<ObjectId, GitError>> {
  const empty = ['hash-object', '-t', 'tree', '-w', '--stdin'];
  const tree = head === undefined ? await scratch.git.text(empty, { stdin: '' }) : ok(head);
  if (!tree.ok) return tree;
  const ours = ObjectId.parse(tree.value);
  const lines = asBaseline.flatMap(({ path, before: { mode, id } }) => {
    if (mode === NO_MODE) return [`0 ${'0'.repeat(ours.length)}\t${path}\0`];
    return id === undefined ? [] : [`${mode} ${id}\t${path}\0`];
  });
  if (lines.length === 0) return ok(ours);
  const index = scratch.file('ours');
  const read = await writeIndex(scratch.git, ours, index);
  if (!read.ok) return read;
  const inIndex = scratch.git.with({ GIT_INDEX_FILE: index });
  const set = await inIndex.run(['update-index', '-z', '--index-info'], {
    stdin: Buffer.from(lines.join(''), 'latin1'),
  });
  if (!set.ok) return set;
  const written = await inIndex.text(['write-tree'], {});
  return written.ok ? ok(ObjectId.parse(written.value)) : written;
}

/** What a merge writes on our side, by the names that our side has. */
async function landingOf(
  { scratch, moved }: OntoHead,
  { base, ours, tree }: { readonly base: ObjectId; readonly ours: ObjectId; readonly tree: ObjectId },
  selection: Selection,
): Promise<Result<Landing, GitError>> {
  const told = await scratch.git.run([...PATCH_ARGS, ours, tree], {});
  if (!told.ok) return told;
  const written = patchFiles(told.value);
  const fates = new Map<BytePath, Fate>();
  const isElsewhere = written.some(({ path }) => !selection.has(path));
  const came = isElsewhere ? await renames(scratch.git, base, ours) : new Map<BytePath, BytePath>();
  const followed = new Set<BytePath>();
  for (const { path, after } of written) {
    const old = selection.has(path) ? undefined : came.get(path);
    if (old !== undefined) followed.add(old);
    const was = old === undefined ? '' : `"${shown(old)}" of the patch, renamed since; `;
    const isClean = selection.has(path) && !moved.has(path);
    fates.set(path, isClean ? { kind: 'clean', after } : { kind: 'merged', after, detail: `${was}${NOT_ON_HEAD}` });
  }
  for (const path of selection.keys()) {
    if (!fates.has(path) && !followed.has(path)) fates.set(path, { kind: 'contained' });
  }
  return ok({ patch: readable(told.value, written), fates });
}
