import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { toBuffer, type BytePath } from './path.ts';

/** What git passes over in silence, and what tells whether attributes matter. Paths are relative to the root. */
export interface Findings {
  /** Fifos, sockets and devices. */
  readonly special: readonly BytePath[];
  /** Folders with a `.git` of their own. */
  readonly nested: readonly BytePath[];
  /** Whether any .gitattributes file is there. */
  readonly attributes: boolean;
}

/** Looks at every entry below `root`, but not into `skip` (ignored folders), the root's own `.git`, or through links. */
export async function walk(root: string, skip: ReadonlySet<BytePath>): Promise<Findings> {
  const special: BytePath[] = [];
  const nested: BytePath[] = [];
  let attributes = false;
  const pending: BytePath[] = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const at = folder === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), toBuffer(folder)]);
    for (const entry of await entriesOf(at)) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.toLowerCase() === '.git') {
        if (folder !== '') nested.push(folder);
      } else if (entry.isDirectory()) {
        if (!skip.has(path)) pending.push(path);
      } else if (!entry.isFile() && !entry.isSymbolicLink()) {
        special.push(path);
      } else if (entry.name === '.gitattributes') {
        attributes = true;
      }
    }
  }
  return { special: special.sort(), nested: [...new Set(nested)].sort(), attributes };
}

/** A folder that cannot be read has nothing that git could carry either; git says so itself. */
async function entriesOf(folder: Buffer): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true, encoding: 'latin1' });
  } catch {
    return [];
  }
}
