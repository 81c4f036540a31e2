import { ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Git, GitError } from './git.ts';
import { fields, type BytePath } from './path.ts';

/** The symbolic links of a tree: what each leads to, by its path. */
export async function linksIn(git: Git, tree: ObjectId): Promise<Result<ReadonlyMap<BytePath, BytePath>, GitError>> {
  const listed = await git.run(['ls-tree', '-r', '-z', '--full-tree', tree], {});
  if (!listed.ok) return listed;
  const links = fields(listed.value).flatMap((line) => {
    const [, id = '', path = ''] = /^120000 blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    return id === '' ? [] : [{ id, path }];
  });
  if (links.length === 0) return ok(new Map());
  const told = await git.run(['cat-file', '--batch'], { stdin: `${links.map(({ id }) => id).join('\n')}\n` });
  if (!told.ok) return told;
  const targets = contentsIn(told.value);
  return ok(new Map(links.map(({ path }, index) => [path, targets[index] ?? ''])));
}

/** `cat-file --batch`: a line of id, type and size, the content, a line feed. */
function contentsIn(told: Buffer): readonly BytePath[] {
  const contents: BytePath[] = [];
  for (let at = 0; at < told.length;) {
    const end = told.indexOf(10, at);
    if (end < 0) break;
    const size = Number(told.toString('latin1', at, end).split(' ')[2] ?? 0);
    contents.push(told.toString('latin1', end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return contents;
}
