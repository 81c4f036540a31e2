import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, readFile, readlink, rename, rm, rmdir, symlink, unlink } from 'node:fs/promises';
import { sep } from 'node:path';
import { dirname } from 'node:path/posix';
import * as z from 'zod';
import { codeOf, err, ok, type Result } from '../base/result.ts';
import { Digest } from '../domain/ids.ts';
import { shown, toBuffer, type BytePath } from '../git/path.ts';
import { sha256 } from '../base/canonical.ts';

/** What is at one path: all that a delivery changes, and an undo brings back. Modes are permission bits. */
export const FileState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('absent') }),
  z.object({ kind: z.literal('file'), mode: z.int(), digest: Digest }),
  z.object({ kind: z.literal('link'), digest: Digest }),
  /** A folder, or something that no patch can replace. */
  z.object({ kind: z.literal('other') }),
]);
export type FileState = z.infer<typeof FileState>;

/** A state with its content: a file's bytes or a link's target. */
export interface Found {
  readonly state: FileState;
  readonly content: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** An absolute path that is carried as bytes (see git/path.ts), with forward slashes. */
export type DiskPath = string;

export function diskPath(root: string, path: BytePath): DiskPath {
  return `${rootPath(root)}/${path}`;
}

export function rootPath(root: string): DiskPath {
  return Buffer.from(sep === '/' ? root : root.replaceAll(sep, '/')).toString('latin1');
}

/** What the file system takes: bytes, but text on Windows, where names are Unicode. */
function native(path: DiskPath): Buffer | string {
  return process.platform === 'win32' ? shown(path) : toBuffer(path);
}

export async function find(path: DiskPath): Promise<Found> {
  const stat = await lstat(native(path)).catch((thrown: unknown) => {
    const code = codeOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw thrown;
  });
  if (stat === undefined) return { state: { kind: 'absent' }, content: NOTHING };
  if (stat.isSymbolicLink()) {
    const content = await readlink(native(path), { encoding: 'buffer' });
    return { state: { kind: 'link', digest: Digest.parse(sha256(content)) }, content };
  }
  if (!stat.isFile()) return { state: { kind: 'other' }, content: NOTHING };
  const content = await readFile(native(path));
  return { state: { kind: 'file', mode: stat.mode & 0o7777, digest: Digest.parse(sha256(content)) }, content };
}

export function isSame(a: FileState, b: FileState): boolean {
  if (a.kind === 'file' && b.kind === 'file') return a.digest === b.digest && a.mode === b.mode;
  if (a.kind === 'link' && b.kind === 'link') return a.digest === b.digest;
  return a.kind === b.kind && a.kind === 'absent';
}

/** Puts a state in place. A file or link comes whole, by a rename: a crash leaves the old or the new. */
export async function put(path: DiskPath, state: FileState, content: Buffer): Promise<void> {
  if (state.kind === 'absent' || state.kind === 'other') return remove(path);
  await mkdir(native(dirname(path)), { recursive: true });
  const temporary = `${dirname(path)}/.relay-${randomBytes(6).toString('hex')}`;
  try {
    if (state.kind === 'link') {
      await symlink(content, native(temporary));
    } else {
      const file = await open(native(temporary), 'wx', state.mode);
      await file.writeFile(content).finally(() => file.close());
      // The umask has cut the mode at creation.
      await chmod(native(temporary), state.mode);
    }
    await rename(native(temporary), native(path));
  } catch (thrown) {
    await rm(native(temporary), { force: true });
    throw thrown;
  }
}

async function remove(path: DiskPath): Promise<void> {
  await unlink(native(path)).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  });
}

/** Removes the folders of a path upwards while they are empty, as git does; never the root. */
export async function removeEmptyParents(root: DiskPath, path: DiskPath): Promise<void> {
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) {
    try {
      await rmdir(native(folder));
    } catch {
      return;
    }
  }
}

/** A link among a path's folders would lead the write elsewhere. */
export async function parentsAreFolders(root: DiskPath, path: DiskPath): Promise<Result<void, DiskPath>> {
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) {
    const stat = await lstat(native(folder)).catch(() => undefined);
    if (stat !== undefined && !stat.isDirectory()) return err(folder);
  }
  return ok(undefined);
}
