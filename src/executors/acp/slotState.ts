import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/result.ts';

/** What each path of a slot was at one moment, its git directory left out: a write changes the time of the inode. */
export type SlotState = ReadonlyMap<string, string>;

export async function slotState(slot: string): Promise<SlotState> {
  const state = new Map<string, string>();
  const open = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const at = folder;
    const entries = await absentAs([], readdir(join(slot, at), { withFileTypes: true }));
    await Promise.all(
      entries.map(async (entry) => {
        const path = join(at, entry.name);
        if (path === '.git') return;
        const stat = await absentAs(undefined, lstat(join(slot, path), { bigint: true }));
        if (stat === undefined) return;
        // A folder tells by what is in it: its own time changes with a file that came and went.
        const isFolder = stat.isDirectory();
        state.set(path, isFolder ? 'folder' : [stat.ino, stat.mode, stat.size, stat.mtimeNs, stat.ctimeNs].join());
        if (isFolder) open.push(path);
      }),
    );
  }
  return state;
}

/** The paths that are not what they were, in the order of the alphabet. */
export function changedPaths(before: SlotState, after: SlotState): readonly string[] {
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].filter((path) => before.get(path) !== after.get(path)).sort();
}

/** Somebody may remove it while one looks. */
async function absentAs<A, T>(absent: A, found: Promise<T>): Promise<A | T> {
  try {
    return await found;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return absent;
    throw thrown;
  }
}
