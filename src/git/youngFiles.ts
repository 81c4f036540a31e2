import { lstat, readFile, stat } from 'node:fs/promises';
import { below, type BytePath } from './path.ts';

interface Entry {
  readonly path: BytePath;
  /** When the file's status last changed, in ns since 1970. */
  readonly changed: bigint;
}

const SECOND = 1_000_000_000n;

/**
 * Files that were changed in the very second in which the index was written, so that git, which compares whole seconds,
 * cannot see it: permissions and links have no other mark. `root` is the work tree of the index.
 */
export async function changedAtOnce(
  index: string,
  root: string,
  objectFormat: 'sha1' | 'sha256',
): Promise<readonly BytePath[]> {
  const written = BigInt(Math.floor((await stat(index)).mtimeMs / 1000)) * SECOND;
  const young = entriesOf(await readFile(index), objectFormat === 'sha256' ? 32 : 20, written);
  const changed: BytePath[] = [];
  for (const { path, changed: then } of young) {
    const found = await lstat(below(root, path), { bigint: true }).catch(() => undefined);
    if (found?.isFile() !== true || found.ctimeNs === then) continue;
    if (await isReachedByFolders(root, path)) changed.push(path);
  }
  return changed;
}

/** Whoever changes the file at the path must not reach through a link to another. */
async function isReachedByFolders(root: string, path: BytePath): Promise<boolean> {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth += 1) {
    const found = await lstat(below(root, parts.slice(0, depth).join('/'))).catch(() => undefined);
    if (found?.isDirectory() !== true) return false;
  }
  return true;
}

/** Bytes before an entry's object id: times, device, inode, mode, owner, size. */
const STATUS_BYTES = 40;

/**
 * The entries of an index that changed at `since` (ns) or later. Formats 2 and 3 of git's index-format documentation; of
 * any other, none.
 */
function entriesOf(index: Buffer, idBytes: number, since: bigint): readonly Entry[] {
  const version = index.length < 12 ? 0 : index.readUInt32BE(4);
  if (index.toString('latin1', 0, 4) !== 'DIRC' || (version !== 2 && version !== 3)) return [];
  const young: Entry[] = [];
  let at = 12;
  for (let left = index.readUInt32BE(8); left > 0; left -= 1) {
    const flagsAt = at + STATUS_BYTES + idBytes;
    const isExtended = (index.readUInt16BE(flagsAt) & 0x4000) !== 0;
    const nameAt = flagsAt + (isExtended ? 4 : 2);
    const end = index.indexOf(0, nameAt);
    const changed = BigInt(index.readUInt32BE(at)) * SECOND + BigInt(index.readUInt32BE(at + 4));
    if (changed >= since) young.push({ path: index.toString('latin1', nameAt, end), changed });
    // One to eight NULs bring an entry to a multiple of eight bytes.
    at += (Math.floor((end - at) / 8) + 1) * 8;
  }
  return young;
}
