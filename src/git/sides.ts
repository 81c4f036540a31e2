import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import { describe, type Git } from './git.ts';
import { NO_MODE, type PatchSide } from './patchFiles.ts';
import { fields, shown, type BytePath } from './path.ts';
import type { TreeError } from './tree.ts';

/** Paths that git is given as arguments; of more, it lists the whole tree. */
const MOST_ARGUMENTS = 500;

/** What a commit or tree has at these paths; nothing for one that it does not have. */
export async function sidesAt(
  git: Git,
  cwd: string,
  tree: string,
  paths: readonly BytePath[],
): Promise<Result<ReadonlyMap<BytePath, PatchSide>, TreeError>> {
  // Arguments are text: what is no UTF-8 cannot be one.
  const isNamed = paths.length <= MOST_ARGUMENTS && paths.every((path) => /^[\x20-\x7e]+$/.test(path));
  const which = isNamed ? ['--', ...paths] : [];
  const told = await git.run(
    ['--literal-pathspecs', 'ls-tree', ...(isNamed ? [] : ['-r']), '-z', '--full-tree', tree, ...which],
    { cwd },
  );
  if (!told.ok) return err({ kind: 'git', message: describe(told.error) });
  const sides = new Map<BytePath, PatchSide>();
  for (const line of fields(told.value)) {
    const [, mode = '', id = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    sides.set(path, { mode, id });
  }
  return ok(sides);
}

/** What is at a path of a working tree: a link with its target, or a file. */
export interface Standing {
  readonly path: BytePath;
  readonly kind: 'file' | 'link';
  readonly executable: boolean;
  readonly content: Buffer;
}

/** Files of the working tree as git would keep them: through the user's filters and line endings. Nothing is written. */
export async function sidesOf(
  git: Git,
  cwd: string,
  standing: readonly Standing[],
  objectFormat: 'sha1' | 'sha256',
): Promise<Result<ReadonlyMap<BytePath, PatchSide>, TreeError>> {
  const sides = new Map<BytePath, PatchSide>();
  const files = standing.filter(({ kind }) => kind === 'file');
  for (const { path, kind, content } of standing) {
    if (kind === 'link') sides.set(path, { mode: '120000', id: blobId(content, objectFormat) });
  }
  if (files.length === 0) return ok(sides);
  const stdin = Buffer.from(files.map(({ path }) => `${quoted(path)}\n`).join(''), 'latin1');
  const told = await git.text(['hash-object', '--stdin-paths'], { cwd, stdin });
  if (!told.ok) return err({ kind: 'git', message: describe(told.error) });
  const ids = told.value.split('\n');
  files.forEach(({ path, executable }, at) => {
    sides.set(path, { mode: executable ? '100755' : '100644', id: ids[at] ?? '' });
  });
  return ok(sides);
}

/** The blob that git would make of these bytes, were they the file at that path. Nothing is written. */
export async function blobOf(
  git: Git,
  cwd: string,
  path: BytePath,
  content: Buffer,
): Promise<Result<string, TreeError>> {
  const told = await git.text(['hash-object', '--stdin', `--path=${shown(path)}`], { cwd, stdin: content });
  return told.ok ? told : err({ kind: 'git', message: describe(told.error) });
}

/** Whether both are the same to git. A side without an id is any content with that mode. */
export function isSameSide(a: PatchSide | undefined, b: PatchSide | undefined): boolean {
  if ((a?.mode ?? NO_MODE) !== (b?.mode ?? NO_MODE)) return false;
  return a?.id === undefined || b?.id === undefined || a.id === b.id;
}

/** What git calls these bytes where nothing is between them and git. */
export function blobId(content: Buffer, objectFormat: 'sha1' | 'sha256'): string {
  return createHash(objectFormat)
    .update(`blob ${String(content.length)}\0`)
    .update(content)
    .digest('hex');
}

/** A line of `--stdin-paths`; one that begins with `"` is in C's quotes, and what ends a line needs them. */
function quoted(path: BytePath): string {
  if (!/["\n\r\\]/.test(path)) return path;
  return `"${path.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r')}"`;
}
