import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import type { GitError } from './git.ts';
import { fields, type BytePath } from './path.ts';
import type { Scratch } from './scratch.ts';

/** Trees: what both sides started from, what is there now, and what is to come into it. */
export interface ThreeWay {
  readonly base: ObjectId;
  readonly ours: ObjectId;
  readonly theirs: ObjectId;
}

export type Merge =
  | { readonly kind: 'merged'; readonly tree: ObjectId }
  /** `paths`: where both sides say something else. */
  | { readonly kind: 'conflict'; readonly paths: readonly BytePath[] };

export type MergeError =
  /** This git merges no trees without a checkout: 2.38 and newer do. */
  { readonly kind: 'old'; readonly message: string } | GitError;

/**
 * Merges trees as git does (renames, modes, attributes), without a checkout and without a history: three processes, however
 * many merges there are. What they make is in the scratch repository. The answers are in the order of the questions.
 */
export async function mergeTrees(
  scratch: Scratch,
  cases: readonly ThreeWay[],
): Promise<Result<readonly Merge[], MergeError>> {
  if (cases.length === 0) return ok([]);
  const bases = await commits(
    scratch,
    'base',
    cases.map(({ base }) => commitText(base)),
  );
  if (!bases.ok) return bases;
  const tips = cases.flatMap(({ ours, theirs }, at) => {
    const parent = bases.value[at];
    return [commitText(ours, parent), commitText(theirs, parent)];
  });
  const made = await commits(scratch, 'tip', tips);
  if (!made.ok) return made;
  const lines = cases.map((_case, at) => `${made.value[2 * at] ?? ''} ${made.value[2 * at + 1] ?? ''}\n`);
  const told = await scratch.git.run(['merge-tree', '--write-tree', '--stdin', '-z', '--name-only', '--no-messages'], {
    cwd: scratch.tree,
    stdin: lines.join(''),
  });
  if (!told.ok) return err(isTooOld(told.error) ? OLD : told.error);
  return ok(mergesIn(fields(told.value)));
}

const OLD: MergeError = {
  kind: 'old',
  message: 'This git cannot merge what changed on both sides: install git 2.39 or newer.',
};

function isTooOld(error: GitError): boolean {
  return error.kind === 'failed' && error.exitCode === 129;
}

/** `1`, the tree and an empty field for a merge; `0`, the tree, the paths and an empty field for a conflict. */
function mergesIn(parts: readonly string[]): readonly Merge[] {
  const merges: Merge[] = [];
  for (let at = 0; at + 1 < parts.length;) {
    const isMerged = parts[at] === '1';
    const tree = ObjectId.parse(parts[at + 1]);
    let end = at + 2;
    while (end < parts.length && parts[end] !== '') end += 1;
    merges.push(
      isMerged ? { kind: 'merged', tree } : { kind: 'conflict', paths: [...new Set(parts.slice(at + 2, end))] },
    );
    at = end + 1;
  }
  return merges;
}

const NOBODY = 'relay <> 0 +0000';

/** The same trees are the same commit. */
function commitText(tree: ObjectId, parent?: ObjectId): string {
  const lines = [`tree ${tree}`, ...(parent === undefined ? [] : [`parent ${parent}`])];
  return [...lines, `author ${NOBODY}`, `committer ${NOBODY}`, '', ''].join('\n');
}

async function commits(
  scratch: Scratch,
  name: string,
  texts: readonly string[],
): Promise<Result<readonly ObjectId[], GitError>> {
  const folder = scratch.file(name);
  await mkdir(folder, { recursive: true });
  const files = new Map<string, string>();
  for (const text of texts) {
    if (files.has(text)) continue;
    const file = join(folder, String(files.size));
    files.set(text, file);
    await writeFile(file, text);
  }
  const told = await scratch.git.text(['hash-object', '-t', 'commit', '-w', '--stdin-paths'], {
    stdin: [...files.values()].map((file) => `${file}\n`).join(''),
  });
  if (!told.ok) return told;
  const ids = told.value.split('\n').map((id) => ObjectId.parse(id));
  const byText = new Map([...files.keys()].map((text, at) => [text, ids[at]] as const));
  return ok(texts.flatMap((text) => byText.get(text) ?? []));
}
