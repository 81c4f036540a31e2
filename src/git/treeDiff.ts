import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Git, GitError } from './git.ts';
import type { BytePath } from './path.ts';

/** A path that differs between two trees, as the second has it: mode `000000` where it has none. */
export interface TreeChange {
  readonly path: BytePath;
  readonly mode: string;
  readonly id: string;
}

export interface TreePair {
  readonly from: ObjectId;
  readonly to: ObjectId;
}

/** How the trees of each pair differ, file by file and without renames: one process, however many there are. */
export async function treeDiffs(
  git: Git,
  pairs: readonly TreePair[],
): Promise<Result<readonly (readonly TreeChange[])[], GitError>> {
  const keys = pairs.map(keyOf);
  const lines = new Set(pairs.flatMap(({ from, to }, at) => (from === to ? [] : [keys[at] ?? ''])));
  if (lines.size === 0) return ok(pairs.map(() => []));
  const told = await git.run(['diff-tree', '--stdin', '-r', '-z', '--raw', '--full-index', '--no-renames'], {
    stdin: [...lines].map((line) => `${line}\n`).join(''),
  });
  if (!told.ok) return err(told.error);
  const found = changesIn(told.value.toString('latin1'));
  return ok(keys.map((key) => found.get(key) ?? []));
}

function keyOf({ from, to }: TreePair): string {
  return `${from} ${to}`;
}

/** `FROM TO`, a newline, then for each change `:modes ids letter`, NUL, path, NUL. */
function changesIn(text: string): ReadonlyMap<string, readonly TreeChange[]> {
  const found = new Map<string, TreeChange[]>();
  let current: TreeChange[] = [];
  for (let at = 0; at < text.length;) {
    if (text[at] !== ':') {
      const end = text.indexOf('\n', at);
      current = [];
      found.set(text.slice(at, end), current);
      at = end + 1;
      continue;
    }
    const end = text.indexOf('\0', at);
    const [, mode = '', , id = ''] = text.slice(at + 1, end).split(' ');
    const last = text.indexOf('\0', end + 1);
    current.push({ path: text.slice(end + 1, last), mode, id });
    at = last + 1;
  }
  return found;
}
