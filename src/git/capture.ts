import { copyFile, lstat, readdir, rm, utimes } from 'node:fs/promises';
import { err, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import { Blockade } from './blockade.ts';
import { describe, type Git, type GitError } from './git.ts';
import { below, fields, shown, type BytePath } from './path.ts';
import { withoutUntouched, type Captured } from './untouched.ts';
import { walk, type Findings } from './walk.ts';

/** What a patch cannot carry, or git could not read: each is told by its path. */
export interface CaptureError {
  readonly kind: 'uncarriable' | 'gone' | 'git';
  readonly message: string;
}

/** The slot's files as git sees them, with an index that nobody but the relay writes. */
export interface WorkTree extends Captured {
  /** The commit's .gitattributes files. */
  readonly attributes: readonly BytePath[];
  /** The commit's .gitmodules files. */
  readonly modules: readonly BytePath[];
  /** Folders of submodules: git looks at nothing that is put into them. */
  readonly submodules: readonly BytePath[];
}

export interface Snapshot {
  readonly tree: ObjectId;
  /** Ignored files and folders (with `/`), and submodules with something in them: what is in no patch. */
  readonly ignored: readonly string[];
  /** What `git clean` will leave, relative to the root: see walk.ts. */
  readonly unswept: readonly BytePath[];
  /** Whether there is any .gitattributes. */
  readonly attributes: boolean;
}

/**
 * The tree that the slot's files are now. GIT_DIR is the mirror and the index is the relay's: nothing that the executor
 * could have written under the slot's `.git` (config, info/exclude, index.lock, hooks, refs) has a say.
 */
export async function snapshot(git: Git, slot: WorkTree): Promise<Result<Snapshot, CaptureError>> {
  if (!(await isFolder(slot.root))) {
    return err({
      kind: 'gone',
      message: 'The executor deleted or replaced its working directory. There is nothing to make a patch of.',
    });
  }
  const first = await look(git, slot);
  return first.opened ? (await look(git, slot)).result : first.result;
}

/** `opened`: a folder could not be read at first, and can now. */
interface Look {
  readonly opened: boolean;
  readonly result: Result<Snapshot, CaptureError>;
}

async function look(git: Git, slot: WorkTree): Promise<Look> {
  const { root, index, submodules } = slot;
  const inSlot = git.with({ GIT_WORK_TREE: root, GIT_INDEX_FILE: index });
  // The list of what is ignored needs no index that `add` replaces meanwhile.
  const asBefore = inSlot.with({ GIT_INDEX_FILE: slot.baseIndex });
  // Always from the checkout on, so that a setup's snapshot has no say in what the executor's is.
  await copyIndex(slot.baseIndex, index);
  const dropped = await dropLostAttributes(inSlot, slot);
  if (!dropped.ok) return { opened: false, result: err(unreadable(dropped.error)) };
  const blockade = new Blockade(root);
  const run = { cwd: root, signal: blockade.signal };
  const listing = asBefore.run(['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory'], run);
  const adding = inSlot.run(['add', '--all'], run);
  const listed = await listing;
  const ignored = listed.ok ? fields(listed.value) : [];
  const found = await walk(root, new Set(ignored.map((path) => path.replace(/\/$/, ''))));
  const added = await adding;
  const told = (result: Result<Snapshot, CaptureError>): Look => ({ opened: found.opened, result });
  const blocking = blockade.end();
  if (blocking.length > 0) return told(err(cannotCarry(blocking.map(specialFile))));
  if (!listed.ok) return told(err(unreadable(listed.error)));
  const filled = await filledOf(asBefore, root, submodules);
  const refused = await uncarriable(asBefore, slot, found, filled.lost);
  if (refused !== undefined) return told(err(refused));
  if (!added.ok) return told(err(unreadable(added.error)));
  const restored = found.attributes || slot.attributes.length > 0 ? await withoutUntouched(git, slot) : ok(undefined);
  if (!restored.ok) return told(err(unreadable(restored.error)));
  const written = await inSlot.text(['write-tree'], { cwd: root });
  if (!written.ok) return told(err(unreadable(written.error)));
  const tree = ObjectId.parse(written.value);
  const { unswept, attributes } = found;
  const leftOut = [...filled.checkedOut.map((path) => `${path}/`), ...ignored];
  return told(ok({ tree, ignored: leftOut.map(shown), unswept, attributes }));
}

/**
 * Paths among the changed that have a filter whose driver the relay does not have: their content would not be what the
 * user's git makes of the file.
 */
export async function filtered(
  git: Git,
  tree: ObjectId,
  scratchIndex: string,
  paths: readonly BytePath[],
): Promise<Result<readonly string[], GitError>> {
  if (paths.length === 0) return ok([]);
  const inCopy = git.with({ GIT_INDEX_FILE: scratchIndex });
  try {
    // Attributes are read from an index of the result, because the slot may be on its way back to the baseline.
    const read = await inCopy.run(['read-tree', tree], {});
    if (!read.ok) return read;
    const told = await inCopy.run(['check-attr', '-z', '--cached', '--stdin', 'filter'], {
      stdin: Buffer.from(paths.join('\0'), 'latin1'),
    });
    if (!told.ok) return told;
    const all = fields(told.value);
    const named: string[] = [];
    for (let at = 0; at + 2 < all.length; at += 3) {
      const value = all[at + 2] ?? '';
      if (value !== 'unspecified' && value !== 'unset' && value !== '')
        named.push(`${shown(all[at] ?? '')} (filter=${value})`);
    }
    return ok(named);
  } finally {
    await rm(scratchIndex, { force: true });
  }
}

/** Copies an index with its time: git compares files with the index's own time to know which it must read again. */
export async function copyIndex(from: string, to: string): Promise<void> {
  // The time first: of an index that is replaced meanwhile, the older time makes git read more and never less.
  const { mtimeMs } = await lstat(from);
  await copyFile(from, to);
  await utimes(to, Math.floor(mtimeMs) / 1000, Math.floor(mtimeMs) / 1000);
}

/**
 * Git reads from the index what attributes it does not find as a file, and whether it still does when it comes to the
 * next file hangs on which it has read before. Those that the executor took away count for none.
 */
async function dropLostAttributes(inSlot: Git, { root, attributes }: WorkTree): Promise<Result<void, GitError>> {
  const lost: BytePath[] = [];
  for (const path of attributes) {
    const found = await lstat(below(root, path)).catch(() => undefined);
    if (found?.isFile() !== true) lost.push(path);
  }
  if (lost.length === 0) return ok(undefined);
  const stdin = Buffer.from(lost.map((path) => `${path}\0`).join(''), 'latin1');
  const done = await inSlot.run(['update-index', '-z', '--force-remove', '--stdin'], { cwd: root, stdin });
  return done.ok ? ok(undefined) : done;
}

async function uncarriable(
  git: Git,
  { root, modules }: WorkTree,
  { special, nested, unreadable: closed }: Findings,
  lost: readonly BytePath[],
): Promise<CaptureError | undefined> {
  const suspects = [...special, ...nested];
  const linked = await linksAmong(root, modules);
  if ([suspects, closed, lost, linked].every((paths) => paths.length === 0)) return undefined;
  const excused = new Set(await ignoredAmong(git, root, suspects));
  const links = new Set(await gitlinks(git, root, nested));
  const bad = [
    ...special.filter((path) => !excused.has(path)).map(specialFile),
    ...nested
      .filter((path) => !excused.has(path) && !links.has(path))
      .map((path) => `"${shown(path)}" (a repository of its own)`),
    ...lost.map((path) => `"${shown(path)}" (files in the folder of a submodule)`),
    ...linked.map((path) => `"${shown(path)}" (a link where git reads what the submodules are)`),
    ...closed.map((path) => `"${shown(path)}" (a folder that cannot be read)`),
  ];
  return bad.length === 0 ? undefined : cannotCarry(bad);
}

/** Git takes a link in place of a .gitmodules that it knows, and then refuses to read its own index. */
async function linksAmong(root: string, paths: readonly BytePath[]): Promise<readonly BytePath[]> {
  const links: BytePath[] = [];
  for (const path of paths) {
    const found = await lstat(below(root, path)).catch(() => undefined);
    if (found?.isSymbolicLink() === true) links.push(path);
  }
  return links;
}

function specialFile(path: BytePath): string {
  return `"${shown(path)}" (a fifo, socket or device)`;
}

function cannotCarry(bad: readonly string[]): CaptureError {
  const more = bad.length > MOST_NAMED ? ` and ${String(bad.length - MOST_NAMED)} more` : '';
  return {
    kind: 'uncarriable',
    message: `A patch cannot carry ${bad.slice(0, MOST_NAMED).join(', ')}${more}. Have the task remove or ignore it.`,
  };
}

const MOST_NAMED = 10;

async function ignoredAmong(git: Git, root: string, paths: readonly BytePath[]): Promise<readonly BytePath[]> {
  if (paths.length === 0) return [];
  const stdin = Buffer.from(paths.join('\0'), 'latin1');
  const ignored = await git.run(['check-ignore', '-z', '--stdin', '--no-index'], { cwd: root, stdin });
  return ignored.ok ? fields(ignored.value) : [];
}

interface Filled {
  /** They are checkouts: git compares their commits, and what else is in them is in no patch. */
  readonly checkedOut: readonly BytePath[];
  /** They hold something and are nothing that git could compare: it would pass over them. */
  readonly lost: readonly BytePath[];
}

/** Submodules' folders with something in them. */
async function filledOf(git: Git, root: string, submodules: readonly BytePath[]): Promise<Filled> {
  const checkedOut: BytePath[] = [];
  const lost: BytePath[] = [];
  for (const path of submodules) {
    const at = below(root, path);
    // What is behind a link is not in the folder: the link itself stands in the submodule's place.
    const entries = (await isFolder(at)) ? await readdir(at).catch(() => []) : [];
    if (entries.length === 0) continue;
    const head = await git.with({ GIT_DIR: `${root}/${path}/.git` }).run(['rev-parse', '--verify', '-q', 'HEAD'], {});
    (head.ok ? checkedOut : lost).push(path);
  }
  return { checkedOut, lost };
}

/** Which of the folders are submodules in the index as it was before. */
async function gitlinks(git: Git, root: string, folders: readonly BytePath[]): Promise<readonly BytePath[]> {
  if (folders.length === 0) return [];
  const listed = await git.run(['ls-files', '-z', '--stage'], { cwd: root });
  return listed.ok ? gitlinksIn(fields(listed.value)) : [];
}

/** The submodules among the lines of `ls-files --stage`. */
export function gitlinksIn(lines: readonly string[]): readonly BytePath[] {
  return lines.filter((line) => line.startsWith('160000 ')).map(pathIn);
}

/** The path in a line of `ls-files --stage`. */
export function pathIn(line: string): BytePath {
  return line.slice(line.indexOf('\t') + 1);
}

async function isFolder(path: string | Buffer): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function unreadable(error: GitError): CaptureError {
  return { kind: 'git', message: describe(error) };
}
