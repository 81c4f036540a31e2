import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from '../base/result.ts';
import type { Git } from '../git/git.ts';
import type { BytePath } from '../git/path.ts';
import { removeTree } from '../git/removeTree.ts';
import { applyInStage, type TreeError } from '../git/tree.ts';
import { find, foldersOf, type FileState, type Found } from './fileState.ts';
import { bring } from './rewrite.ts';

/** A folder with copies of the files that a patch touches, where the user's own git applies it: nothing of theirs is touched. */
export class Stage {
  readonly #root: string;
  readonly #theirs: Git;
  readonly #workspace: string;

  private constructor(root: string, theirs: Git, workspace: string) {
    this.#root = root;
    this.#theirs = theirs;
    this.#workspace = workspace;
  }

  static async open(temporary: string, theirs: Git, workspace: string): Promise<Stage> {
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    return new Stage(await mkdtemp(join(temporary, 'stage-')), theirs, workspace);
  }

  async put(path: BytePath, { state, content }: Found): Promise<void> {
    if (state.kind !== 'file' && state.kind !== 'link') return;
    const place = { root: this.#root, temporary: '.relay', contentOf: () => Promise.resolve(content) };
    await bring(place, { path, to: state });
  }

  /** Line endings, encodings and filters depend on attributes, which git reads beside the files. */
  async putAttributes(touched: ReadonlySet<BytePath>): Promise<void> {
    const folders = new Set([...touched].flatMap((path) => foldersOf(path)));
    for (const path of ['.gitattributes', ...[...folders].map((folder) => `${folder}/.gitattributes`)]) {
      if (touched.has(path)) continue;
      const found = await find(this.#workspace, path);
      if (found.state.kind === 'file') await this.put(path, found);
    }
  }

  apply(patch: Buffer): Promise<Result<void, TreeError>> {
    return applyInStage(this.#theirs, this.#workspace, this.#root, patch);
  }

  read(path: BytePath): Promise<Found> {
    return find(this.#root, path);
  }

  async dispose(): Promise<void> {
    await removeTree(this.#root);
  }
}

/** Git tells of the executable bit alone; the other permissions stay as the user has them. */
export function withModeOf(before: FileState, after: FileState): FileState {
  if (before.kind !== 'file' || after.kind !== 'file') return after;
  const executable = (after.mode & 0o100) !== 0;
  if (((before.mode & 0o100) !== 0) === executable) return { ...after, mode: before.mode };
  const readers = (before.mode & 0o444) >> 2;
  return { ...after, mode: executable ? before.mode | readers : before.mode & ~0o111 };
}
