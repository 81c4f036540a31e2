import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { inBatches } from '../base/batches.ts';
import type { Result } from '../base/result.ts';
import type { Git } from '../git/git.ts';
import type { BytePath } from '../git/path.ts';
import { removeTree } from '../git/removeTree.ts';
import type { PatchFile, PatchSide } from '../git/patchFiles.ts';
import { sidesOf } from '../git/sides.ts';
import { applyInStage, filteredPaths, inStage, type TreeError } from '../git/tree.ts';
import { diskPath, findAll, foldersOf, standingOf, type FileState, type Found } from './fileState.ts';

/** Files that are written together. */
const AT_ONCE = 16;

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

  /** A link's target and a file's bytes and mode; for what is neither, nothing. */
  async put(grounds: ReadonlyMap<BytePath, Found>): Promise<void> {
    const there = [...grounds].filter(([, { state }]) => state.kind === 'file' || state.kind === 'link');
    const folders = new Set(there.map(([path]) => dirname(path)));
    for (const folder of folders) await mkdir(diskPath(this.#root, folder), { recursive: true });
    await inBatches(there, AT_ONCE, ([path, { state, content }]) => {
      const at = diskPath(this.#root, path);
      return state.kind === 'file' ? writeFile(at, content, { mode: state.mode }) : symlink(content, at);
    });
  }

  /** Line endings, encodings and filters depend on attributes, which git reads beside the files. */
  async putAttributes(touched: ReadonlySet<BytePath>): Promise<void> {
    const folders = new Set([...touched].flatMap((path) => foldersOf(path)));
    const all = ['.gitattributes', ...[...folders].map((folder) => `${folder}/.gitattributes`)];
    const paths = all.filter((path) => !touched.has(path));
    const found = await findAll(this.#workspace, paths);
    const files = paths.flatMap((path, at): [BytePath, Found][] => {
      const one = found[at];
      return one?.state.kind === 'file' ? [[path, one]] : [];
    });
    await this.put(new Map(files));
  }

  apply(patch: Buffer): Promise<Result<void, TreeError>> {
    return applyInStage(this.#theirs, this.#workspace, this.#root, patch);
  }

  read(paths: readonly BytePath[]): Promise<readonly Found[]> {
    return findAll(this.#root, paths);
  }

  /** Files of the stage as git would keep them. */
  async sides(
    found: ReadonlyMap<BytePath, Found>,
    objectFormat: 'sha1' | 'sha256',
  ): Promise<Result<ReadonlyMap<BytePath, PatchSide>, TreeError>> {
    const git = await inStage(this.#theirs, this.#workspace, this.#root);
    if (!git.ok) return git;
    const standing = [...found].flatMap(([path, one]) => standingOf(path, one));
    return sidesOf(git.value, this.#root, standing, objectFormat);
  }

  async filtered(paths: readonly BytePath[]): Promise<Result<ReadonlySet<BytePath>, TreeError>> {
    const git = await inStage(this.#theirs, this.#workspace, this.#root);
    return git.ok ? filteredPaths(git.value, this.#root, paths) : git;
  }

  async dispose(): Promise<void> {
    await removeTree(this.#root);
  }
}

/**
 * Git tells of the executable bit alone, and with core.fileMode=false of none; the permissions stay as the user has them but
 * for a bit that the patch itself changes.
 */
export function withModeOf(before: FileState, after: FileState, patch: PatchFile | undefined): FileState {
  if (before.kind !== 'file' || after.kind !== 'file') return after;
  const executable = (after.mode & 0o100) !== 0;
  if (patch?.before.mode === patch?.after.mode || ((before.mode & 0o100) !== 0) === executable)
    return { ...after, mode: before.mode };
  const readers = (before.mode & 0o444) >> 2;
  return { ...after, mode: executable ? before.mode | readers : before.mode & ~0o111 };
}
