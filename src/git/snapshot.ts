import { codeOf, err, never, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import { copyIndex, gitlinksIn, pathIn } from './capture.ts';
import { changedPathsIn, filesToRead, type SizedPath } from './changedPaths.ts';
import { describe, type Git, type GitError } from './git.ts';
import { fields, shown, type BytePath } from './path.ts';
import type { Scratch } from './scratch.ts';

export interface SnapshotPlace {
  /** As the user has it: their line endings, filters and excludes. */
  readonly theirs: Git;
  /** Of their working tree. */
  readonly topLevel: string;
  /** It reads the user's objects, and takes the new ones. */
  readonly scratch: Scratch;
}

/** A working tree as `git add --all` would have it. */
export interface Snapshot {
  /** In the scratch repository; undefined where nothing differs from HEAD. */
  readonly tree: ObjectId | undefined;
  /** Untracked repositories of their own, for people: a commit carries none. */
  readonly leftOut: readonly string[];
}

/** What is in the way, where, and what to do. */
export interface SnapshotError {
  readonly kind: 'unmerged' | 'unreadable' | 'tooLarge' | 'git';
  readonly message: string;
}

/** Bytes of changed and untracked files together. */
const LARGEST_SNAPSHOT = 256 * 1024 * 1024;

/**
 * The tree that the user's `git add --all` would make of what is tracked and what is untracked and not ignored. It is made in
 * a copy of their index, and its objects are the scratch repository's: their index, refs, objects and files stay as they are.
 * Submodules stay at the commit that the index has, because nobody else may have what was committed in them since.
 */
export async function snapshot(
  { theirs, topLevel, scratch }: SnapshotPlace,
  largest = LARGEST_SNAPSHOT,
): Promise<Result<Snapshot, SnapshotError>> {
  const index = scratch.file('index');
  const copied = await copyOfIndex(theirs, topLevel, index);
  if (!copied.ok) return copied;
  const git = theirs.with({ GIT_INDEX_FILE: index, GIT_OBJECT_DIRECTORY: scratch.objects, ...CONFIG });
  const looked = await lookAt(git, topLevel, largest);
  if (!looked.ok) return looked;
  const { isClean, nested } = looked.value;
  const leftOut = nested.map((path) => `"${shown(path)}" (a repository of its own)`);
  if (isClean) return ok({ tree: undefined, leftOut });
  const tree = await addAll(git, topLevel, nested);
  return tree.ok ? ok({ tree: tree.value, leftOut }) : err(unread(tree.error));
}

/**
 * The index is written while this runs, so it gets its lock; no hook and no monitor is started for it, and it is one file
 * (the parts of a split one stand beside the user's). Whether line endings survive is for the user's own `git add` to say.
 */
const CONFIG: Readonly<Record<string, string>> = {
  GIT_OPTIONAL_LOCKS: '1',
  ...configured({
    'core.hooksPath': '/dev/null',
    'core.fsmonitor': 'false',
    'core.splitIndex': 'false',
    'core.safecrlf': 'false',
    'core.fsync': 'none',
    'add.ignoreErrors': 'false',
    // What nothing converts goes into one pack: of 5,000 files, five times as fast as a file an object.
    'core.bigFileThreshold': '1',
  }),
};

function configured(settings: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(settings);
  const pairs = entries.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${String(at)}`, key] as const,
    [`GIT_CONFIG_VALUE_${String(at)}`, value] as const,
  ]);
  return { GIT_CONFIG_COUNT: String(entries.length), ...Object.fromEntries(pairs) };
}

/** Git puts a whole index in the place of the old one, so a copy is whole whoever holds the lock. */
async function copyOfIndex(theirs: Git, topLevel: string, to: string): Promise<Result<void, SnapshotError>> {
  const from = await theirs.text(['rev-parse', '--path-format=absolute', '--git-path', 'index'], { cwd: topLevel });
  if (!from.ok) return err(unread(from.error));
  try {
    await copyIndex(from.value, to);
  } catch (thrown) {
    // Without an index nothing is tracked.
    if (codeOf(thrown) !== 'ENOENT') return err({ kind: 'git', message: `The index ${from.value} cannot be read.` });
  }
  return ok(undefined);
}

interface Look {
  readonly isClean: boolean;
  readonly nested: readonly BytePath[];
}

/** What there is to add; what cannot be added is told before anything is read. */
async function lookAt(git: Git, topLevel: string, largest: number): Promise<Result<Look, SnapshotError>> {
  const warnings: Buffer[] = [];
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=dirty'];
  const told = await git.run(args, { cwd: topLevel, onStderr: (chunk) => warnings.push(chunk) });
  if (!told.ok) return err(unread(told.error));
  const { changed, unmerged, nested } = changedPathsIn(told.value);
  if (unmerged.length > 0) {
    const named = listed(unmerged.map((path) => `"${shown(path)}"`));
    const message = `A merge is not over: ${named}. Resolve the conflicts and git add them, then submit again; or submit the task at HEAD.`;
    return err({ kind: 'unmerged', message });
  }
  const { files, refused } = await filesToRead(topLevel, changed);
  const closed = closedFolders(Buffer.concat(warnings).toString('utf8'));
  if (refused.length + closed.length > 0) {
    const message = `Your uncommitted work cannot be read whole: ${listed([...refused, ...closed])}. Ignore that, or make it readable, then submit again.`;
    return err({ kind: 'unreadable', message });
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > largest) return err(tooLarge(files, bytes, largest));
  return ok({ isClean: changed.length === 0, nested });
}

/** Git goes on where it cannot look into a folder, and says so. */
function closedFolders(said: string): readonly string[] {
  return [...said.matchAll(/could not open directory '(.*)': /g)].map(
    ([, path = '']) => `"${path}" (a folder that may not be read)`,
  );
}

function tooLarge(files: readonly SizedPath[], bytes: number, largest: number): SnapshotError {
  const top = [...files].sort((a, b) => b.bytes - a.bytes);
  const named = listed(
    top.map((file) => `"${shown(file.path)}" (${inMiB(file.bytes)})`),
    3,
  );
  const message = `Your uncommitted work is too large for a baseline: ${inMiB(bytes)}, and ${inMiB(largest)} may be. The largest files: ${named}. Ignore what is not meant for a commit, or commit it, then submit again.`;
  return { kind: 'tooLarge', message };
}

function inMiB(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

const MOST_NAMED = 10;

function listed(names: readonly string[], most = MOST_NAMED): string {
  const more = names.length > most ? ` and ${String(names.length - most)} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

async function addAll(git: Git, topLevel: string, nested: readonly BytePath[]): Promise<Result<ObjectId, GitError>> {
  const cwd = topLevel;
  const [before, sparse] = await Promise.all([submodules(git, cwd), isSparse(git, cwd)]);
  if (!before.ok) return before;
  // What is outside of a sparse checkout and in the tree all the same is the user's work as well.
  const args = ['add', '--all', ...(sparse ? ['--sparse'] : [])];
  const added = await (nested.length === 0
    ? git.run(args, { cwd })
    : git.run([...args, '--pathspec-from-file=-', '--pathspec-file-nul'], { cwd, stdin: allBut(nested) }));
  if (!added.ok) return added;
  const kept = before.value.length === 0 ? ok(undefined) : await keepSubmodules(git, cwd, before.value);
  if (!kept.ok) return kept;
  const tree = await git.text(['write-tree'], { cwd });
  return tree.ok ? ok(ObjectId.parse(tree.value)) : tree;
}

function allBut(paths: readonly BytePath[]): Buffer {
  return Buffer.from([':/', ...paths.map((path) => `:(top,exclude,literal)${path}`), ''].join('\0'), 'latin1');
}

async function isSparse(git: Git, cwd: string): Promise<boolean> {
  const told = await git.text(['config', '--type=bool', '--get', 'core.sparseCheckout'], { cwd });
  return told.ok && told.value === 'true';
}

/** Lines of `ls-files --stage`. */
async function submodules(git: Git, cwd: string): Promise<Result<readonly string[], GitError>> {
  const told = await git.run(['ls-files', '-z', '--stage'], { cwd });
  return told.ok ? ok(fields(told.value).filter((line) => line.startsWith('160000 '))) : told;
}

/** Submodules whose checkout moved are what they were; those that are gone are gone. */
async function keepSubmodules(git: Git, cwd: string, before: readonly string[]): Promise<Result<void, GitError>> {
  const after = await submodules(git, cwd);
  if (!after.ok) return after;
  const there = new Set(gitlinksIn(after.value));
  const kept = before.filter((line) => there.has(pathIn(line)) && !after.value.includes(line));
  if (kept.length === 0) return ok(undefined);
  const stdin = Buffer.from(kept.map((line) => `${line}\0`).join(''), 'latin1');
  const done = await git.run(['update-index', '-z', '--index-info'], { cwd, stdin });
  return done.ok ? ok(undefined) : done;
}

function unread(error: GitError): SnapshotError {
  switch (error.kind) {
    case 'missing':
    case 'aborted':
    case 'tooLarge':
      return { kind: 'git', message: error.message };
    case 'failed':
      return {
        kind: 'git',
        message: `Your uncommitted work could not be read as "git add --all" would: ${describe(error)}`,
      };
    default:
      return never(error);
  }
}
