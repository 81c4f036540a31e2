import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import { describe, type Git, type GitError } from './git.ts';
import { removeTree } from './removeTree.ts';

/** What a scratch repository is made from. */
export interface ScratchSource {
  /** The relay's own git: its configuration, and nobody else's. */
  readonly proof: Git;
  /** An existing folder. */
  readonly temporary: string;
  /** Object folders that are read and never written: the mirror's, the user's. */
  readonly objects: readonly string[];
  readonly objectFormat: 'sha1' | 'sha256';
}

/** `io`: the disk refused a file of it. */
export interface ScratchError {
  readonly kind: 'io' | 'git';
  readonly message: string;
}

/** Nothing of it must survive a power cut: on a disk, a sync an object is most of what a merge costs. */
const UNSYNCED = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.fsync', GIT_CONFIG_VALUE_0: 'none' };

/**
 * An empty repository that reads the objects of others: for trees and commits that nobody may keep. What is written into it
 * goes with it, so that neither the mirror nor the user's repository grows by what was only tried.
 */
export class Scratch {
  readonly directory: string;
  readonly git: Git;

  private constructor(directory: string, git: Git) {
    this.directory = directory;
    this.git = git;
  }

  static async open(source: ScratchSource): Promise<Result<Scratch, ScratchError>> {
    let directory: string | undefined;
    try {
      directory = await mkdtemp(join(source.temporary, 'scratch-'));
      const made = await Scratch.#make(directory, source);
      if (made.ok) return made;
      await removeTree(directory);
      return err({ kind: 'git', message: describe(made.error) });
    } catch (thrown) {
      if (directory !== undefined) await removeTree(directory).catch(() => undefined);
      return err({ kind: 'io', message: `Nothing can be tried in ${source.temporary}: ${messageOf(thrown)}` });
    }
  }

  static async #make(
    directory: string,
    { proof, objects, objectFormat }: ScratchSource,
  ): Promise<Result<Scratch, GitError>> {
    const gitDir = join(directory, 'git');
    const git = proof.with({ GIT_DIR: gitDir, GIT_WORK_TREE: join(directory, 'tree'), ...UNSYNCED });
    await mkdir(join(directory, 'tree'));
    const made = await proof.run(
      ['init', '--quiet', '--bare', '--template=', `--object-format=${objectFormat}`, gitDir],
      {},
    );
    if (!made.ok) return made;
    await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
    await writeFile(join(gitDir, 'objects', 'info', 'alternates'), objects.map(alternate).join(''));
    return ok(new Scratch(directory, git));
  }

  /** The same repository, in which git ends with the signal. */
  until(signal: AbortSignal): Scratch {
    return new Scratch(this.directory, this.git.until(signal));
  }

  /** Where its objects are written: for a git that works in another repository. */
  get objects(): string {
    return join(this.directory, 'git', 'objects');
  }

  /** Its work tree: empty, but for the attributes that were read. */
  get tree(): string {
    return this.file('tree');
  }

  /** A file or folder of its own, not there yet. */
  file(name: string): string {
    return join(this.directory, name);
  }

  /** Merges follow the attributes (`binary`, `merge=union`) of this tree: git looks for them in files. */
  async readAttributes(tree: ObjectId): Promise<Result<void, GitError>> {
    const read = await this.git.run(['read-tree', tree], {});
    if (!read.ok) return read;
    const files = await this.git.run(['ls-files', '-z', '--cached', '--', '.gitattributes', '**/.gitattributes'], {
      cwd: this.tree,
    });
    if (!files.ok || files.value.length === 0) return files.ok ? ok(undefined) : files;
    const written = await this.git.run(['checkout-index', '-q', '-z', '--stdin'], {
      cwd: this.tree,
      stdin: files.value,
    });
    return written.ok ? ok(undefined) : written;
  }

  async dispose(): Promise<void> {
    await removeTree(this.directory);
  }
}

/** A line of `objects/info/alternates`; one that begins with `"` is in C's quotes, and a newline needs them. */
function alternate(directory: string): string {
  return /["\n\\]/.test(directory)
    ? `"${directory.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"\n`
    : `${directory}\n`;
}
