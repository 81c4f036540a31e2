import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { sep } from 'node:path';
import { dirname } from 'node:path/posix';
import * as z from 'zod';
import { codeOf } from '../base/result.ts';
import { Digest } from '../domain/ids.ts';
import { shown, toBuffer, type BytePath } from '../git/path.ts';
import type { Standing } from '../git/sides.ts';
import { sha256 } from '../base/canonical.ts';

/** What is at one path: all that a delivery changes, and an undo brings back. Modes are permission bits. */
export const FileState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('absent') }),
  z.object({ kind: z.literal('file'), mode: z.int(), digest: Digest }),
  z.object({ kind: z.literal('link'), digest: Digest }),
  z.object({ kind: z.literal('folder'), mode: z.int() }),
  /** Something that no patch can replace. */
  z.object({ kind: z.literal('other') }),
]);
export type FileState = z.infer<typeof FileState>;

/** A state with its content: a file's bytes or a link's target. */
export interface Found {
  readonly state: FileState;
  readonly content: Buffer;
}

/** What git can be asked to hash; nothing for what is neither file nor link. */
export function standingOf(path: BytePath, { state, content }: Found): readonly Standing[] {
  if (state.kind !== 'file' && state.kind !== 'link') return [];
  return [{ path, kind: state.kind, executable: state.kind === 'file' && (state.mode & 0o100) !== 0, content }];
}

const NOTHING = Buffer.alloc(0);
const ABSENT: Found = { state: { kind: 'absent' }, content: NOTHING };
export const PERMISSIONS = 0o7777;

/** What the file system takes: bytes, but text on Windows, where names are Unicode. */
export function diskPath(root: string, path: BytePath): Buffer | string {
  const top = sep === '/' ? root : root.replaceAll(sep, '/');
  return process.platform === 'win32'
    ? `${top}/${shown(path)}`
    : Buffer.concat([Buffer.from(`${top}/`), toBuffer(path)]);
}

/** Paths that are looked at in one turn, and what of a file is read there: together a few milliseconds. */
const A_TURN = 16;
const SMALL_FILE = 128 * 1024;

/**
 * What is at each of these paths, in their order. What is above them is looked at once. Calls of the file system that wait
 * cost a fraction of those that do not; between turns others go on.
 */
export async function findAll(root: string, paths: readonly BytePath[]): Promise<readonly Found[]> {
  const noFolder = noFolders(root);
  const found: Found[] = [];
  for (const [at, path] of paths.entries()) {
    if (at % A_TURN === A_TURN - 1) await new Promise((resolve) => setImmediate(resolve));
    found.push((await noFolder(path)) === undefined ? await foundAt(diskPath(root, path)) : ABSENT);
  }
  return found;
}

/** `notFolder` for many paths, while nothing changes: each folder is looked at once. */
export function noFolders(root: string): (path: BytePath) => Promise<BytePath | undefined> {
  const folders = new Map<BytePath, Promise<Stats | undefined>>();
  const statAt = (folder: BytePath): Promise<Stats | undefined> => {
    const known = folders.get(folder) ?? statOf(diskPath(root, folder));
    folders.set(folder, known);
    return known;
  };
  return (path) => firstNoFolder(path, statAt);
}

/** What is at a path below the root. Behind a link or a file there is nothing, whatever the link leads to. */
export async function find(root: string, path: BytePath): Promise<Found> {
  return (await notFolder(root, path)) === undefined ? foundAt(diskPath(root, path)) : ABSENT;
}

async function foundAt(at: Buffer | string): Promise<Found> {
  const stat = statNow(at);
  if (stat === undefined) return ABSENT;
  if (stat.isSymbolicLink()) {
    const content = readlinkSync(at, { encoding: 'buffer' });
    return { state: { kind: 'link', digest: Digest.parse(sha256(content)) }, content };
  }
  const mode = stat.mode & PERMISSIONS;
  if (stat.isDirectory()) return { state: { kind: 'folder', mode }, content: NOTHING };
  if (!stat.isFile()) return { state: { kind: 'other' }, content: NOTHING };
  const content = stat.size <= SMALL_FILE ? readFileSync(at) : await readFile(at);
  return { state: { kind: 'file', mode, digest: Digest.parse(sha256(content)) }, content };
}

/** A folder is a folder, whatever its permissions: a delivery changes none that stay. */
export function isSame(a: FileState, b: FileState): boolean {
  if (a.kind === 'file' && b.kind === 'file') return a.digest === b.digest && a.mode === b.mode;
  if (a.kind === 'link' && b.kind === 'link') return a.digest === b.digest;
  return a.kind === b.kind && (a.kind === 'absent' || a.kind === 'folder');
}

/** The folders of a path, the nearest first; without the root. */
export function foldersOf(path: BytePath): readonly BytePath[] {
  const folders: BytePath[] = [];
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.push(folder);
  return folders;
}

/** The first among a path's folders that is there and is none, such as a link that would lead a write elsewhere. */
export function notFolder(root: string, path: BytePath): Promise<BytePath | undefined> {
  return firstNoFolder(path, (folder) => statOf(diskPath(root, folder)));
}

async function firstNoFolder(
  path: BytePath,
  statAt: (folder: BytePath) => Promise<Stats | undefined>,
): Promise<BytePath | undefined> {
  for (const folder of [...foldersOf(path)].reverse()) {
    const stat = await statAt(folder);
    if (stat === undefined) return undefined;
    if (!stat.isDirectory()) return folder;
  }
  return undefined;
}

/** A folder's permissions; undefined where there is none. */
export async function folderMode(root: string, path: BytePath): Promise<number | undefined> {
  const { state } = await find(root, path);
  return state.kind === 'folder' ? state.mode : undefined;
}

/** All that is below a folder: its folders, and whatever else. */
export async function below(
  root: string,
  folder: BytePath,
): Promise<{ readonly folders: readonly BytePath[]; readonly others: readonly BytePath[] }> {
  const folders: BytePath[] = [];
  const others: BytePath[] = [];
  for (const entry of await readdir(diskPath(root, folder), { withFileTypes: true, encoding: 'latin1' })) {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) {
      others.push(path);
      continue;
    }
    const inner = await below(root, path);
    folders.push(path, ...inner.folders);
    others.push(...inner.others);
  }
  return { folders, others };
}

/** Nothing where nothing is there. */
export async function statOf(path: Buffer | string): Promise<Stats | undefined> {
  return lstat(path).catch(unlessMissing);
}

function statNow(path: Buffer | string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (thrown) {
    unlessMissing(thrown);
    return undefined;
  }
}

function unlessMissing(thrown: unknown): undefined {
  const code = codeOf(thrown);
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw thrown;
}
