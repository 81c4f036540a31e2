import { chmod, lstat, readdir } from 'node:fs/promises';
import { below, type BytePath } from './path.ts';

/** What git passes over in silence, and what tells whether attributes matter. Paths are relative to the root. */
export interface Findings {
  /** Fifos, sockets and devices. */
  readonly special: readonly BytePath[];
  /** Folders with a `.git` of their own. */
  readonly nested: readonly BytePath[];
  /** What `git clean` leaves: special files, and each `.git` of a folder, which may be one that the baseline has. */
  readonly unswept: readonly BytePath[];
  /** Folders that could not be read, whatever their permissions. */
  readonly unreadable: readonly BytePath[];
  /** Whether any .gitattributes file is there. */
  readonly attributes: boolean;
  /** Whether a folder had to be opened: what read the tree before did not see all of it. */
  readonly opened: boolean;
}

/**
 * Looks at every entry below `root`, but not into `skip` (ignored folders), the root's own `.git`, or through links. A
 * folder that was closed is opened: a patch carries no permissions of folders, and the next job must find none.
 */
export async function walk(root: string, skip: ReadonlySet<BytePath>): Promise<Findings> {
  const special: BytePath[] = [];
  const nested: BytePath[] = [];
  const repositories: BytePath[] = [];
  const unreadable: BytePath[] = [];
  let attributes = false;
  let opened = false;
  const pending: BytePath[] = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const at = folder === '' ? Buffer.from(root) : below(root, folder);
    opened = (await open(at)) || opened;
    const entries = await readdir(at, { withFileTypes: true, encoding: 'latin1' }).catch(() => undefined);
    if (entries === undefined) unreadable.push(folder === '' ? '.' : folder);
    for (const entry of entries ?? []) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.toLowerCase() === '.git') {
        if (folder !== '') nested.push(folder);
        if (folder !== '') repositories.push(path);
      } else if (entry.isDirectory()) {
        if (!skip.has(path)) pending.push(path);
      } else if (!entry.isFile() && !entry.isSymbolicLink()) {
        special.push(path);
      } else if (entry.name === '.gitattributes') {
        attributes = true;
      }
    }
  }
  const unswept = [...special, ...repositories];
  return { special: special.sort(), nested: [...new Set(nested)].sort(), unswept, unreadable, attributes, opened };
}

const USABLE = 0o700;
const READABLE = 0o500;

/** Opens a folder that its owner may not use; whether it could not be read before. Another user's is left as it is. */
async function open(folder: Buffer): Promise<boolean> {
  if (process.platform === 'win32') return false;
  try {
    const { mode } = await lstat(folder);
    if ((mode & USABLE) === USABLE) return false;
    await chmod(folder, 0o755);
    return (mode & READABLE) !== READABLE;
  } catch {
    return false;
  }
}
