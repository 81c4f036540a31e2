import { isUtf8 } from 'node:buffer';
import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readInside } from '../base/insideFile.ts';
import { codeOf, err, ok, type Result } from '../base/result.ts';
import { whyGitDirectory } from '../checks/forbiddenPath.ts';
import type { Job } from '../domain/job.ts';
import type { Snapshot } from '../git/capture.ts';
import { describe, type Git, type GitError } from '../git/git.ts';
import { ignoredFiles } from '../git/ignoredFiles.ts';
import { shown, toBuffer, type BytePath } from '../git/path.ts';
import type { Sources } from './sources.ts';

/** Names patterns of ignored files, as .gitignore has them. A convention of tools that make working trees for agents. */
const FILE = '.worktreeinclude';
const LONGEST_FILE = 64 * 1024;

export const MOST_INCLUDED = 1000;
const MOST_INCLUDED_BYTES = 64 * 1024 * 1024;

/** Where the files of a job come from. */
interface From {
  readonly topLevel: string;
  readonly paths: readonly BytePath[];
}

export interface WorktreeIncludeOptions {
  readonly sources: Sources;
  readonly job: Pick<Job, 'spec' | 'workspace'>;
  /** A folder of the relay's own, for as long as the job runs. */
  readonly own: string;
  readonly say: (text: string) => void;
}

/**
 * Ignored files of the user's working tree that a fresh checkout needs (.env.local), copied as they are now. The patterns
 * are those at HEAD of that tree: neither what a patch has left there, nor the baseline of a task, chooses what is copied.
 * Nothing of it fails a job: what could not be copied is said.
 */
export class WorktreeInclude {
  readonly #options: WorktreeIncludeOptions;
  readonly #said = new Set<string>();
  #from: Promise<From | undefined> | undefined;

  constructor(options: WorktreeIncludeOptions) {
    this.#options = options;
  }

  /** Copies them into a checkout in which nothing runs yet; the paths that are there now and no part of the work. */
  async into(root: string, signal: AbortSignal): Promise<ReadonlySet<BytePath>> {
    const from = await (this.#from ??= this.#find(signal));
    const copied = new Set<BytePath>();
    let left = MOST_INCLUDED_BYTES;
    let over = 0;
    for (const path of from?.paths ?? []) {
      if (signal.aborted) break;
      if (copied.size >= MOST_INCLUDED) over += 1;
      else {
        const bytes = await copy(from?.topLevel ?? '', root, path, left);
        if (bytes.ok) {
          left -= bytes.value;
          copied.add(path);
          this.#say(`"${shown(path)}" was copied (${String(bytes.value)} bytes)`);
        } else this.#say(`"${shown(path)}" was not copied: ${bytes.error}`);
      }
    }
    if (over > 0) this.#say(`${String(over)} files more were not copied: ${String(MOST_INCLUDED)} are the most`);
    return copied;
  }

  /** Once a text: gates get the same files as the executor. */
  #say(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#options.say(`${FILE}: ${text}`);
  }

  async #find(signal: AbortSignal): Promise<From | undefined> {
    const { sources, job } = this.#options;
    if ((job.spec.repo?.type ?? 'workspace') !== 'workspace') return undefined;
    const head = await sources.head(job.workspace);
    if (!head.ok) return undefined;
    const { git, objects, cwd: topLevel = job.workspace } = head.value;
    const found = await objects.facts(`HEAD:${FILE}`);
    if (!found.ok) {
      const isThere = await lstat(join(topLevel, FILE)).catch(() => undefined);
      if (isThere !== undefined) this.#say('it is not in the commit at HEAD. Commit it to have files copied');
      return undefined;
    }
    const { id, type, bytes } = found.value;
    if (type !== 'blob' || bytes > LONGEST_FILE) {
      this.#say(`it is no file of at most ${String(LONGEST_FILE)} bytes at HEAD: nothing was copied`);
      return undefined;
    }
    const paths = await this.#named(git, { topLevel, id }, signal);
    if (paths.ok) return { topLevel, paths: paths.value };
    this.#say(`what it names is not known: ${describe(paths.error)}`);
    return undefined;
  }

  async #named(
    git: Git,
    { topLevel, id }: { readonly topLevel: string; readonly id: string },
    signal: AbortSignal,
  ): Promise<Result<readonly BytePath[], GitError>> {
    const patterns = await git.run(['cat-file', 'blob', id], { cwd: topLevel, signal });
    if (!patterns.ok) return patterns;
    const file = join(this.#options.own, 'worktreeinclude');
    await writeFile(file, patterns.value);
    return ignoredFiles(git, topLevel, file, signal);
  }
}

/** What an attempt left beside its work, without what was copied there for it. */
export function withoutIncluded(shot: Snapshot, included: ReadonlySet<BytePath>): Snapshot {
  const names = new Set([...included].map(shown));
  return { ...shot, ignored: shot.ignored.filter((path) => !names.has(path)) };
}

/** The bytes of the file, or why it was not copied, as the end of a sentence. */
async function copy(from: string, to: string, path: BytePath, most: number): Promise<Result<number, string>> {
  if (path.endsWith('/')) return err('it is a repository of its own');
  const bytes = toBuffer(path);
  if (!isUtf8(bytes)) return err('its name is no UTF-8');
  const name = bytes.toString();
  if (whyGitDirectory(name) !== undefined) return err('it is in a git directory');
  const there = await lstat(join(from, name)).catch(() => undefined);
  if (there?.isFile() !== true) return err('it is no regular file');
  const read = await readInside(from, name, most);
  if (!read.ok) return err(`it ${read.error.message}`);
  if (read.value.isCut) return err(`with it there were more than ${String(MOST_INCLUDED_BYTES)} bytes`);
  return put(to, name, read.value.bytes, read.value.mode);
}

/** Never over a file of the commit, and through no link that the commit has. */
async function put(root: string, name: string, bytes: Buffer, mode: number): Promise<Result<number, string>> {
  try {
    let folder = root;
    for (const part of name.split('/').slice(0, -1)) {
      folder = join(folder, part);
      const there = await lstat(folder).catch(() => undefined);
      if (there === undefined) await mkdir(folder);
      else if (!there.isDirectory()) return err('the commit has no folder in that place');
    }
    await writeFile(join(root, name), bytes, { flag: 'wx', mode: (mode & 0o777) | OWNER });
    return ok(bytes.length);
  } catch (thrown) {
    const code = codeOf(thrown) ?? 'unknown';
    return err(code === 'EEXIST' ? 'the commit has a file of this name' : `it could not be written (${code})`);
  }
}

/** The executor may write what its user could read alone: it is a copy. */
const OWNER = 0o600;
