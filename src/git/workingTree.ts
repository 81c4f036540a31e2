import { lstat } from 'node:fs/promises';
import { err, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import type { Git, GitError } from './git.ts';
import { below, toBuffer, type BytePath } from './path.ts';
import type { Scratch } from './scratch.ts';

export interface Overlay {
  /** Git as the user has it: line endings and filters are theirs. */
  readonly theirs: Git;
  readonly workspace: string;
  readonly tree: ObjectId;
  /** Files, there or not, whose content in the working tree comes on top. */
  readonly paths: readonly BytePath[];
}

/** Nothing of the user's is run or written for the sake of an index that is thrown away. */
const APART = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.splitIndex=false',
  'core.safecrlf=false',
  'core.fsync=none',
];

/** A tree with some files as they are in the working tree: by an index of its own, with what is new in the scratch alone. */
export async function withWorkingFiles(
  scratch: Scratch,
  { theirs, workspace, tree, paths }: Overlay,
): Promise<Result<ObjectId, GitError>> {
  const git = theirs.with({ GIT_INDEX_FILE: scratch.file('working-index'), GIT_OBJECT_DIRECTORY: scratch.objects });
  const config = APART.flatMap((one) => ['-c', one]);
  const run = (args: readonly string[], stdin?: Buffer): Promise<Result<Buffer, GitError>> =>
    git.run([...config, ...args], { cwd: workspace, ...(stdin === undefined ? {} : { stdin }) });
  const read = await run(['read-tree', tree]);
  if (!read.ok) return err(read.error);
  const there = await Promise.all(paths.map((path) => isThere(workspace, path)));
  const gone = paths.filter((_path, at) => there[at] === false);
  const left = paths.filter((_path, at) => there[at] === true);
  const dropped = await run(['update-index', '-z', '--force-remove', '--stdin'], lines(gone));
  if (!dropped.ok) return err(dropped.error);
  const added = await run(['update-index', '-z', '--add', '--replace', '--stdin'], lines(left));
  if (!added.ok) return err(added.error);
  const written = await run(['write-tree']);
  return written.ok ? ok(ObjectId.parse(written.value.toString('latin1').trim())) : written;
}

function lines(paths: readonly BytePath[]): Buffer {
  return Buffer.concat(paths.map((path) => toBuffer(`${path}\0`)));
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
