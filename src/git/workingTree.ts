import { lstat } from 'node:fs/promises';
import { ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import { copyIndex } from './capture.ts';
import type { Git, GitError } from './git.ts';
import { below, toBuffer, type BytePath } from './path.ts';
import type { Scratch } from './scratch.ts';
import { treeDiffs, type TreeChange } from './treeDiff.ts';

export interface Overlays {
  /** Git as the user has it: line endings and filters are theirs. */
  readonly theirs: Git;
  readonly workspace: string;
  readonly tree: ObjectId;
  /** For each answer the files, there or not, whose content in the working tree comes on top. */
  readonly sets: readonly (readonly BytePath[])[];
}

type Run = (index: string, args: readonly string[], stdin?: Buffer) => Promise<Result<Buffer, GitError>>;

/** Nothing of the user's is run or written for the sake of an index that is thrown away. */
const APART = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.splitIndex=false',
  'core.safecrlf=false',
  'core.fsync=none',
];

/**
 * A tree with some files as they are in the working tree, once for each set of files: by an index of its own, with what is
 * new in the scratch alone. All files are read together, and two processes make each tree. The answers are in the order of
 * the sets; where a file cannot be read, those of its sets are the error.
 */
export async function withWorkingFiles(
  scratch: Scratch,
  { theirs, workspace, tree, sets }: Overlays,
): Promise<Result<readonly Result<ObjectId, GitError>[], GitError>> {
  const config = APART.flatMap((one) => ['-c', one]);
  const run: Run = (index, args, stdin) =>
    theirs
      .with({ GIT_INDEX_FILE: scratch.file(index), GIT_OBJECT_DIRECTORY: scratch.objects })
      .run([...config, ...args], { cwd: workspace, ...(stdin === undefined ? {} : { stdin }) });
  const read = await run('tree-index', ['read-tree', tree]);
  if (!read.ok) return read;
  const paths = [...new Set(sets.flat())];
  const there = new Map(await Promise.all(paths.map(async (path) => [path, await isThere(workspace, path)] as const)));
  const left = (among: readonly BytePath[]): readonly BytePath[] => among.filter((path) => there.get(path) === true);
  const all = await changesBy(scratch, run, tree, left(paths));
  const made: Result<ObjectId, GitError>[] = [];
  for (const set of sets) {
    // Git stops at the first file that it cannot read: whose that is, each set says by itself.
    const changes = all.ok ? all : await changesBy(scratch, run, tree, left(set));
    if (!changes.ok && changes.error.kind === 'aborted') return changes;
    const gone = set.filter((path) => there.get(path) === false);
    const came = changes.ok ? left(set).flatMap((path) => changes.value.get(path) ?? []) : [];
    made.push(changes.ok ? await treeOf(scratch, run, tree, [...gone.map(nothingAt(tree)), ...came]) : changes);
  }
  return ok(made);
}

/** What these files change in a tree, by their paths; their content is in the scratch then. */
async function changesBy(
  scratch: Scratch,
  run: Run,
  tree: ObjectId,
  paths: readonly BytePath[],
): Promise<Result<ReadonlyMap<BytePath, TreeChange>, GitError>> {
  if (paths.length === 0) return ok(new Map());
  await copyIndex(scratch.file('tree-index'), scratch.file('working-index'));
  const stdin = toBuffer(paths.map((path) => `${path}\0`).join(''));
  const added = await run('working-index', ['update-index', '-z', '--add', '--replace', '--stdin'], stdin);
  const written = added.ok ? await run('working-index', ['write-tree']) : added;
  if (!written.ok) return written;
  const diffs = await treeDiffs(scratch.git, [{ from: tree, to: idIn(written.value) }]);
  return diffs.ok ? ok(new Map(diffs.value.flat().map((change) => [change.path, change]))) : diffs;
}

async function treeOf(
  scratch: Scratch,
  run: Run,
  tree: ObjectId,
  changes: readonly TreeChange[],
): Promise<Result<ObjectId, GitError>> {
  if (changes.length === 0) return ok(tree);
  await copyIndex(scratch.file('tree-index'), scratch.file('working-index'));
  const stdin = toBuffer(changes.map(({ mode, id, path }) => `${mode} ${id}\t${path}\0`).join(''));
  const updated = await run('working-index', ['update-index', '-z', '--index-info'], stdin);
  const written = updated.ok ? await run('working-index', ['write-tree']) : updated;
  return written.ok ? ok(idIn(written.value)) : written;
}

function nothingAt(tree: ObjectId): (path: BytePath) => TreeChange {
  return (path) => ({ path, mode: '0', id: '0'.repeat(tree.length) });
}

function idIn(output: Buffer): ObjectId {
  return ObjectId.parse(output.toString('latin1').trim());
}

/** A file or link at the path itself: nothing is behind a link. Undefined: a folder, which git has as a whole or not. */
async function isThere(root: string, path: BytePath): Promise<boolean | undefined> {
  const parts = path.split('/');
  for (let length = 1; length < parts.length; length++) {
    const found = await lstat(below(root, parts.slice(0, length).join('/'))).catch(() => undefined);
    if (found?.isDirectory() !== true) return false;
  }
  const found = await lstat(below(root, path)).catch(() => undefined);
  if (found?.isDirectory() === true) return undefined;
  return found !== undefined && (found.isFile() || found.isSymbolicLink());
}
