import { chmod, lstat, mkdir, open, rename, rm, rmdir, symlink, unlink } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { codeOf, never } from '../base/result.ts';
import { shown, type BytePath } from '../git/path.ts';
import {
  below,
  diskPath,
  find,
  folderMode,
  foldersOf,
  isSame,
  notFolder,
  PERMISSIONS,
  statOf,
  type FileState,
} from './fileState.ts';

/** What a path is to become. */
export interface Step {
  readonly path: BytePath;
  readonly to: FileState;
}

/** With what must still be there when it is replaced. */
export interface Change extends Step {
  readonly from: FileState;
}

/** Somebody changed a file between the plan and its turn: what they have saved stays. */
export class ChangedMeanwhile extends Error {
  constructor(path: BytePath) {
    super(`"${shown(path)}" changed meanwhile`);
  }
}

/** A folder as it is to be: its permissions, or null where there is to be none. */
export interface FolderStep {
  readonly path: BytePath;
  readonly mode: number | null;
}

/** Where a rewrite happens. All fails by throwing what the file system threw. */
export interface Rewriting {
  readonly root: string;
  /** The name of a file that is being written, beside its place: known, so that a crash's can be found. */
  readonly temporary: string;
  readonly contentOf: (state: FileState) => Promise<Buffer>;
}

/**
 * Brings a path to a state. A file or link comes whole, by a rename: a crash leaves the old or the new. Nothing is
 * written through a link. What is there is looked at directly before it goes: `ChangedMeanwhile` where it is another.
 */
export async function bring(place: Rewriting, change: Change): Promise<void> {
  const { path, to } = change;
  const blocking = await notFolder(place.root, path);
  if (blocking !== undefined) {
    if (to.kind === 'absent') return;
    throw new Error(`"${shown(blocking)}" is no folder`);
  }
  const at = diskPath(place.root, path);
  switch (to.kind) {
    case 'absent':
      await expectStill(place.root, change);
      return remove(at);
    case 'folder':
      await expectStill(place.root, change);
      await remove(at);
      return makeFolder(place, path, to.mode);
    case 'file':
    case 'link':
      return write(place, change, to, await place.contentOf(to));
    case 'other':
      return undefined;
    default:
      return never(to);
  }
}

/** What goes away goes first, and from below; so a file can take a folder's place, and a folder a file's. */
export function inOrder<T extends Step>(
  steps: readonly T[],
): { readonly leaving: readonly T[]; readonly coming: readonly T[] } {
  const sorted = [...steps].sort((a, b) => (a.path < b.path ? -1 : 1));
  const isLeaving = ({ to }: T): boolean => to.kind === 'absent' || to.kind === 'folder';
  return { leaving: sorted.filter(isLeaving).reverse(), coming: sorted.filter((step) => !isLeaving(step)) };
}

/**
 * Makes the folders that were there, and removes those that were not where they are empty. Those that could not be made
 * are told, and stop none of the others.
 */
export async function bringFolders(
  place: Rewriting,
  folders: readonly FolderStep[],
): Promise<readonly { readonly path: BytePath; readonly thrown: unknown }[]> {
  const failed: { readonly path: BytePath; readonly thrown: unknown }[] = [];
  const { root } = place;
  const sorted = [...folders].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, mode } of [...sorted].reverse()) {
    if (mode === null && (await notFolder(root, path)) === undefined)
      await rmdir(diskPath(root, path)).catch(() => undefined);
  }
  for (const { path, mode } of sorted) {
    if (mode === null || (await notFolder(root, path)) !== undefined) continue;
    await makeFolder(place, path, mode).catch((thrown: unknown) => failed.push({ path, thrown }));
  }
  return failed;
}

/** Removes the folders of a path upwards while they are empty, as git does; never the root. */
export async function removeEmptyParents(root: string, path: BytePath): Promise<void> {
  if ((await notFolder(root, path)) !== undefined) return;
  for (const folder of foldersOf(path)) {
    try {
      await rmdir(diskPath(root, folder));
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') return;
    }
  }
}

/** Removes what a crash left of a file or folder that was being made beside this path. */
export async function removeTemporary({ root, temporary }: Rewriting, path: BytePath): Promise<void> {
  if ((await notFolder(root, path)) !== undefined) return;
  await rm(diskPath(root, beside(path, temporary)), { recursive: true, force: true });
}

async function write(
  { root, temporary }: Rewriting,
  change: Change,
  to: Extract<FileState, { kind: 'file' | 'link' }>,
  content: Buffer,
): Promise<void> {
  const { path } = change;
  const at = diskPath(root, path);
  const unfinished = diskPath(root, beside(path, temporary));
  try {
    await create(unfinished, to, content).catch(async (thrown: unknown) => {
      // Its folder is not there, or a crash has left one of that name.
      if (codeOf(thrown) === 'ENOENT') await mkdir(diskPath(root, dirname(path)), { recursive: true });
      else if (codeOf(thrown) === 'EEXIST') await rm(unfinished, { force: true });
      else throw thrown;
      await create(unfinished, to, content);
    });
    await expectStill(root, change);
    await rename(unfinished, at).catch(async (thrown: unknown) => {
      if ((await folderMode(root, path)) === undefined) throw thrown;
      await removeEmptyFolders(root, path);
      await rename(unfinished, at);
    });
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw thrown;
  }
}

/**
 * Where nothing is, nothing can be lost; and where the disk does not tell cases apart, the other name's file is gone by now.
 */
async function expectStill(root: string, { path, from }: Change): Promise<void> {
  const { state } = await find(root, path);
  if (state.kind !== 'absent' && !isSame(state, from)) throw new ChangedMeanwhile(path);
}

async function create(
  at: Buffer | string,
  to: Extract<FileState, { kind: 'file' | 'link' }>,
  content: Buffer,
): Promise<void> {
  if (to.kind === 'link') return symlink(content, at);
  const file = await open(at, 'wx', to.mode);
  try {
    await file.writeFile(content);
    // The umask has cut the mode at creation.
    if (((await file.stat()).mode & PERMISSIONS) !== to.mode) await file.chmod(to.mode);
  } finally {
    await file.close();
  }
}

function beside(path: BytePath, name: string): BytePath {
  const folder = dirname(path);
  return folder === '.' ? name : `${folder}/${name}`;
}

/** A folder that holds nothing but folders makes place for a file. */
async function removeEmptyFolders(root: string, path: BytePath): Promise<void> {
  const { folders, others } = await below(root, path);
  if (others.length > 0) throw new Error(`"${shown(path)}" is a folder with files in it`);
  for (const folder of [...folders].sort().reverse()) await rmdir(diskPath(root, folder));
  await rmdir(diskPath(root, path));
}

/** A folder comes with its permissions at once, by a rename; what is there already stays. */
async function makeFolder({ root, temporary }: Rewriting, path: BytePath, mode: number): Promise<void> {
  const at = diskPath(root, path);
  if ((await statOf(at)) !== undefined) return;
  const unfinished = diskPath(root, beside(path, temporary));
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(diskPath(root, dirname(path)), { recursive: true });
  await mkdir(unfinished);
  await chmod(unfinished, mode);
  await rename(unfinished, at);
}

/** Unlinks a file or link; a folder stays. */
async function remove(at: Buffer | string): Promise<void> {
  try {
    if (!(await lstat(at)).isDirectory()) await unlink(at);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
}
