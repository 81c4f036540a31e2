import { access, constants, lstat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { below, fields, shown, type BytePath } from './path.ts';

/** What git says of a working tree, and of what in it no snapshot has. */
export interface ChangedPaths {
  /** Staged, unstaged and untracked. */
  readonly changed: readonly BytePath[];
  /** Both sides of a merge that is not over. */
  readonly unmerged: readonly BytePath[];
  /** Untracked repositories of their own. */
  readonly nested: readonly BytePath[];
}

const UNMERGED: ReadonlySet<string> = new Set(['DD', 'AU', 'UD', 'UA', 'DU', 'AA', 'UU']);

/** The lines of `status --porcelain=v1 -z --untracked-files=all --no-renames`. */
export function changedPathsIn(told: Buffer): ChangedPaths {
  const changed: BytePath[] = [];
  const unmerged: BytePath[] = [];
  const nested: BytePath[] = [];
  for (const line of fields(told)) {
    const [code, path] = [line.slice(0, 2), line.slice(3)];
    if (UNMERGED.has(code)) unmerged.push(path);
    else if (path.endsWith('/')) nested.push(path.slice(0, -1));
    else changed.push(path);
  }
  return { changed, unmerged, nested };
}

/** A file that is read whole: its length in bytes. */
export interface SizedPath {
  readonly path: BytePath;
  readonly bytes: number;
}

/** What git would have to read of the working tree. */
export interface ToRead {
  readonly files: readonly SizedPath[];
  /** With what is wrong with each. */
  readonly refused: readonly string[];
}

/** How many files are looked at at once. */
const AT_ONCE = 64;

/** Looks at the changed files without opening them; those that are gone are no news. */
export async function filesToRead(root: string, paths: readonly BytePath[]): Promise<ToRead> {
  const files: SizedPath[] = [];
  const refused: string[] = [];
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const looked = await Promise.all(paths.slice(at, at + AT_ONCE).map((path) => lookAt(root, path)));
    for (const one of looked) {
      if (typeof one === 'string') refused.push(one);
      else if (one !== undefined) files.push(one);
    }
  }
  return { files, refused };
}

async function lookAt(root: string, path: BytePath): Promise<SizedPath | string | undefined> {
  const at = below(root, path);
  let stats: Stats;
  try {
    stats = await lstat(at);
  } catch {
    return undefined;
  }
  if (stats.isSymbolicLink() || stats.isDirectory()) return undefined;
  if (!stats.isFile()) return `"${shown(path)}" (a fifo, socket or device)`;
  const isReadable = await access(at, constants.R_OK).then(
    () => true,
    () => false,
  );
  return isReadable ? { path, bytes: stats.size } : `"${shown(path)}" (it may not be read)`;
}
