import { ok, type Result } from '../base/result.ts';
import { isSubmodule, NO_MODE, type PatchFile } from '../git/patchFiles.ts';
import { shown, type BytePath } from '../git/path.ts';
import { isSameSide } from '../git/sides.ts';
import type { FileDelivery } from '../protocol/jobView.ts';
import type { RelayError } from '../protocol/relayError.ts';
import { below, diskPath, foldersOf, isSame, statOf } from './fileState.ts';
import type { Fate } from './landing.ts';
import type { DeliveredFile } from './receipt.ts';
import type { Standing } from './standing.ts';

export interface HindrancePlace {
  readonly standing: Standing;
  /** All paths that this delivery is about. */
  readonly touched: ReadonlySet<BytePath>;
  readonly unsaved: ReadonlySet<string>;
}

export interface Candidate {
  readonly path: BytePath;
  readonly fate: Fate;
  /** As the patch has it; nothing where HEAD calls it otherwise. */
  readonly file: PatchFile | undefined;
  /** As an earlier delivery of the same patch left it. */
  readonly earlier: DeliveredFile | undefined;
}

const UNSAVED = 'you have unsaved changes here in an editor: save or revert them';
const UNCOMMITTED = 'you have uncommitted changes here: commit or stash them';
export const CHANGED =
  'you have changed it since a part of the patch was applied: undo the delivery, or take your change back';
const IGNORED = 'a file that git ignores is there, and is not what the patch makes: move it away';
const THERE = 'it is as the patch makes it already';

/** A file's word in the report: what is in the way of writing it, or that there is nothing. */
export async function hindranceOf(
  { standing, touched, unsaved }: HindrancePlace,
  { path, fate, file, earlier }: Candidate,
): Promise<Result<FileDelivery, RelayError>> {
  const told = (verdict: FileDelivery['verdict'], detail?: string): Result<FileDelivery, never> =>
    ok({ path: shown(path), verdict, ...(detail === undefined ? {} : { detail }) });
  if (file !== undefined && isSubmodule(file)) return told('blocked', submoduleText(file));
  if (fate.kind === 'contained') return told('contained', THERE);
  if (fate.kind === 'conflict') {
    // Of a snapshot of the user's work, HEAD has nothing: it is their own later work that is in the way.
    const isTheirs = !standing.hasBaseline && standing.isDirty(path);
    return isTheirs ? told('blocked', UNCOMMITTED) : told('conflict', fate.detail);
  }
  const blocking = await blockingAt(standing, path, touched);
  if (blocking !== undefined) return told('blocked', blocking);
  if (earlier !== undefined) {
    const { state } = await standing.at(path);
    if (!isSame(state, earlier.after)) return told('blocked', CHANGED);
  } else {
    const work = await workAt(standing, path, fate, file);
    if (!work.ok) return work;
    if (work.value === 'contained') return told('contained', THERE);
    if (work.value !== undefined && !unsaved.has(shown(path))) return told(...work.value);
  }
  if (unsaved.has(shown(path))) return told('blocked', UNSAVED);
  return told(fate.kind, fate.kind === 'merged' ? fate.detail : undefined);
}

/** The user's own work at a path that is to be written: none, what the patch makes already, or what is in its way. */
async function workAt(
  standing: Standing,
  path: BytePath,
  fate: Extract<Fate, { kind: 'clean' | 'merged' }>,
  file: PatchFile | undefined,
): Promise<Result<'contained' | ['blocked' | 'conflict', string] | undefined, RelayError>> {
  const { state } = await standing.at(path);
  const isThing = state.kind === 'file' || state.kind === 'link';
  const isDirty = standing.isDirty(path);
  // Git says nothing of what it ignores.
  const isIgnored = !isDirty && isThing && file?.before.mode === NO_MODE;
  if (!isDirty && !isIgnored) return ok(undefined);
  const sides = isThing || state.kind === 'absent' ? await standing.sides([path]) : ok(new Map<BytePath, undefined>());
  if (!sides.ok) return sides;
  const side = sides.value.get(path);
  if (side !== undefined && fate.after !== undefined && isSameSide(side, fate.after)) return ok('contained');
  if (isIgnored) return ok(['conflict', IGNORED]);
  if (!standing.hasBaseline && side !== undefined && file !== undefined && isSameSide(side, file.before))
    return ok(undefined);
  return ok(['blocked', UNCOMMITTED]);
}

/** What stands in the place of a file or of its folders, and cannot be taken away for it. */
async function blockingAt(
  standing: Standing,
  path: BytePath,
  touched: ReadonlySet<BytePath>,
): Promise<string | undefined> {
  const { workspace } = standing;
  const blocking = await standing.notFolder(path);
  // What the patch itself takes away makes place for a folder.
  if (blocking !== undefined && !touched.has(blocking))
    return `"${shown(blocking)}" is no folder: the patch may not write through it`;
  for (const folder of foldersOf(path)) {
    if ((await statOf(diskPath(workspace, `${folder}/.git`))) !== undefined)
      return `"${shown(folder)}" is a repository of its own: leave the file out of the apply`;
  }
  const { state } = await standing.at(path);
  if (state.kind === 'other') return 'a fifo, socket or device is in its place';
  const foreign = state.kind === 'folder' ? await foreignIn(workspace, path, touched) : undefined;
  return foreign === undefined ? undefined : `a folder is in its place, with "${shown(foreign)}" in it`;
}

/** The first thing in a folder that is neither touched by a delivery nor a folder. */
export async function foreignIn(
  root: string,
  folder: BytePath,
  touched: ReadonlySet<BytePath>,
): Promise<BytePath | undefined> {
  return (await below(root, folder)).others.find((path) => !touched.has(path));
}

function submoduleText({ path, after }: PatchFile): string {
  if (after.mode === NO_MODE || after.id === undefined)
    return 'it is a submodule, which an apply leaves alone: remove it with git rm, and leave it out of the apply';
  return `the patch moves this submodule to ${after.id}, which an apply cannot do: run git -C "${shown(path)}" checkout ${after.id}, and leave it out of the apply`;
}
