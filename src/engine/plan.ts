import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import type { Digest } from '../domain/ids.ts';
import type { Git } from '../git/git.ts';
import { shown, type BytePath } from '../git/path.ts';
import { removeTree } from '../git/removeTree.ts';
import { applyInStage, dirtyPaths, touchedPaths } from '../git/tree.ts';
import type { FileDelivery } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import { below, find, folderMode, foldersOf, notFolder, type FileState } from './fileState.ts';
import type { DeliveredFile } from './receipt.ts';
import { bring, type FolderStep } from './rewrite.ts';

/** All that is known before the first write. */
export interface Plan {
  readonly report: readonly FileDelivery[];
  /** Empty where the report has something in the way. */
  readonly files: readonly DeliveredFile[];
  readonly folders: readonly FolderStep[];
  /** The content of each state, by its digest. */
  readonly contents: ReadonlyMap<Digest, Buffer>;
}

export interface PlanOptions {
  /** Git as the user has it. */
  readonly theirs: Git;
  /** An existing folder for stages. */
  readonly temporary: string;
  readonly workspace: string;
  readonly patch: Buffer;
}

/** What each file that a patch touches is, and what it would be. Nothing of the user's is written. */
export async function planDelivery(options: PlanOptions): Promise<Result<Plan, RelayError>> {
  const { theirs, temporary, workspace, patch } = options;
  const touched = await touchedPaths(theirs, patch);
  if (!touched.ok) return err(relayError('internal', touched.error.message));
  const dirty = await dirtyPaths(theirs, workspace);
  if (!dirty.ok) return err(relayError('blocked', `The working tree cannot be read: ${dirty.error.message}`));
  const stage = await mkdtemp(join(temporary, 'stage-'));
  try {
    return ok(await new Planning(options, stage, touched.value, dirty.value).plan());
  } finally {
    await removeTree(stage);
  }
}

class Planning {
  readonly #options: PlanOptions;
  readonly #stage: string;
  readonly #touched: ReadonlySet<BytePath>;
  readonly #dirty: ReadonlySet<BytePath>;
  readonly #contents = new Map<Digest, Buffer>();

  constructor(options: PlanOptions, stage: string, touched: readonly BytePath[], dirty: ReadonlySet<BytePath>) {
    this.#options = options;
    this.#stage = stage;
    this.#touched = new Set(touched);
    this.#dirty = dirty;
  }

  async plan(): Promise<Plan> {
    const { workspace, theirs, patch } = this.#options;
    const befores = new Map<BytePath, FileState>();
    const report: FileDelivery[] = [];
    for (const path of this.#touched) {
      const state = await this.#read(workspace, path);
      befores.set(path, state);
      report.push(await this.#hindrance(path, state));
    }
    const contents = this.#contents;
    if (report.some((file) => file.verdict !== 'clean')) return { report, files: [], folders: [], contents };
    for (const [path, state] of befores) await this.#put(path, state);
    await this.#putAttributes();
    const staged = await applyInStage(theirs, workspace, this.#stage, patch);
    if (!staged.ok) return { report: conflicts(report, staged.error.message), files: [], folders: [], contents };
    const files: DeliveredFile[] = [];
    for (const [path, before] of befores) {
      files.push({ path, before, after: withModeOf(before, await this.#read(this.#stage, path)) });
    }
    return { report, files, folders: await this.#folders(befores), contents };
  }

  async #read(root: string, path: BytePath): Promise<FileState> {
    const { state, content } = await find(root, path);
    if (state.kind === 'file' || state.kind === 'link') this.#contents.set(state.digest, content);
    return state;
  }

  async #put(path: BytePath, to: FileState): Promise<void> {
    if (to.kind !== 'file' && to.kind !== 'link') return;
    const contentOf = (): Promise<Buffer> => Promise.resolve(this.#contents.get(to.digest) ?? Buffer.alloc(0));
    await bring({ root: this.#stage, temporary: '.relay', contentOf }, { path, to });
  }

  /** Line endings, encodings and filters depend on attributes, which git reads beside the files. */
  async #putAttributes(): Promise<void> {
    const folders = new Set([...this.#touched].flatMap((path) => foldersOf(path)));
    for (const path of ['.gitattributes', ...[...folders].map((folder) => `${folder}/.gitattributes`)]) {
      if (this.#touched.has(path)) continue;
      const state = await this.#read(this.#options.workspace, path);
      if (state.kind === 'file') await this.#put(path, state);
    }
  }

  async #hindrance(path: BytePath, state: FileState): Promise<FileDelivery> {
    const blocked = (detail: string): FileDelivery => ({ path: shown(path), verdict: 'blocked', detail });
    const { workspace } = this.#options;
    const blocking = await notFolder(workspace, path);
    // What the patch itself takes away makes place for a folder.
    if (blocking !== undefined && !this.#touched.has(blocking)) {
      return blocked(`"${shown(blocking)}" is no folder: the patch may not write through it`);
    }
    if (state.kind === 'other') return blocked('a fifo, socket or device is in its place');
    if (state.kind === 'folder') {
      const foreign = await foreignIn(workspace, path, this.#touched);
      if (foreign !== undefined) return blocked(`a folder is in its place, with "${shown(foreign)}" in it`);
    }
    if (this.#dirty.has(path)) return blocked('you have uncommitted changes here: commit or stash them');
    return { path: shown(path), verdict: 'clean' };
  }

  /** Every folder above a touched path or in the place of one, as it is now. */
  async #folders(befores: ReadonlyMap<BytePath, FileState>): Promise<readonly FolderStep[]> {
    const { workspace } = this.#options;
    const paths = new Set([...befores.keys()].flatMap((path) => foldersOf(path)));
    for (const [path, state] of befores) {
      if (state.kind === 'folder') for (const folder of (await below(workspace, path)).folders) paths.add(folder);
    }
    const steps: FolderStep[] = [];
    for (const path of paths) steps.push({ path, mode: (await folderMode(workspace, path)) ?? null });
    return steps;
  }
}

/** The first thing in a folder that is neither touched by a delivery nor a folder. */
export async function foreignIn(
  root: string,
  folder: BytePath,
  touched: ReadonlySet<BytePath>,
): Promise<BytePath | undefined> {
  return (await below(root, folder)).others.find((path) => !touched.has(path));
}

function conflicts(report: readonly FileDelivery[], detail: string): readonly FileDelivery[] {
  const isNamed = report.some((file) => detail.includes(file.path));
  return report.map((file) =>
    !isNamed || detail.includes(file.path) ? { ...file, verdict: 'conflict' as const, detail } : file,
  );
}

/** Git tells of the executable bit alone; the other permissions stay as the user has them. */
function withModeOf(before: FileState, after: FileState): FileState {
  if (before.kind !== 'file' || after.kind !== 'file') return after;
  const executable = (after.mode & 0o100) !== 0;
  if (((before.mode & 0o100) !== 0) === executable) return { ...after, mode: before.mode };
  const readers = (before.mode & 0o444) >> 2;
  return { ...after, mode: executable ? before.mode | readers : before.mode & ~0o111 };
}
