import type { ObjectId } from '../domain/ids.ts';
import type { Git } from './git.ts';
import { fields, type BytePath } from './path.ts';

/**
 * By the new path of a file, the old one that it had, where git takes an addition and a deletion for a rename (half of the
 * content is the same). For people only: a patch tells both, and a failure here tells nothing.
 */
export async function renames(git: Git, from: ObjectId, to: ObjectId): Promise<ReadonlyMap<BytePath, BytePath>> {
  const told = await git.run(['diff-tree', '-r', '-z', '-M', '--diff-filter=R', '--name-status', from, to], {});
  const found = new Map<BytePath, BytePath>();
  if (!told.ok) return found;
  const parts = fields(told.value);
  for (let at = 0; at + 2 < parts.length; at += 3) found.set(parts[at + 2] ?? '', parts[at + 1] ?? '');
  return found;
}
