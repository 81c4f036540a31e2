import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Disposable } from '../base/disposable.ts';
import type { WatchFolder } from '../base/watchFolder.ts';
import type { Sources } from './sources.ts';

/** A folder of git's, and the entries in it that tell of a move; all of them where none are named. */
interface Spot {
  readonly folder: string;
  readonly names?: ReadonlySet<string>;
}

interface Watched extends Disposable {
  names: ReadonlySet<string> | undefined;
}

/** Of a working tree's own git directory. */
const OWN = new Set(['HEAD', 'index']);

/** Hears when HEAD, its branch or the index of a working tree moves: git writes all of them. Nothing polls. */
export class HeadWatch {
  readonly #sources: Sources;
  readonly #watch: WatchFolder;
  readonly #onMoved: () => void;
  readonly #watched = new Map<string, Watched>();
  readonly #gitDirs = new Map<string, string>();
  #disposed = false;

  constructor(sources: Sources, watch: WatchFolder, onMoved: () => void) {
    this.#sources = sources;
    this.#watch = watch;
    this.#onMoved = onMoved;
  }

  /** Watches these working trees and no others; again after each move, because HEAD may name another branch then. */
  async keep(workspaces: ReadonlySet<string>): Promise<void> {
    const spots = (await Promise.all([...workspaces].map((workspace) => this.#spots(workspace)))).flat();
    const wanted = new Map<string, Spot>();
    for (const spot of spots) {
      const key = await keyOf(spot.folder);
      const beside = key === undefined ? undefined : wanted.get(key);
      if (key !== undefined) wanted.set(key, beside === undefined ? spot : together(beside, spot));
    }
    if (this.#disposed) return;
    for (const [key, entry] of this.#watched) {
      if (wanted.has(key)) continue;
      entry.dispose();
      this.#watched.delete(key);
    }
    for (const [key, spot] of wanted) this.#set(key, spot);
  }

  dispose(): void {
    this.#disposed = true;
    for (const entry of this.#watched.values()) entry.dispose();
    this.#watched.clear();
  }

  #set(key: string, { folder, names }: Spot): void {
    const known = this.#watched.get(key);
    if (known !== undefined) {
      known.names = names;
      return;
    }
    const watcher = this.#watch(folder, (name) => {
      const heard = this.#watched.get(key);
      if (heard !== undefined && (name === undefined || heard.names?.has(name) !== false)) this.#onMoved();
    });
    if (watcher !== undefined) this.#watched.set(key, { names, dispose: () => watcher.dispose() });
  }

  async #spots(workspace: string): Promise<readonly Spot[]> {
    const repository = await this.#sources.repository(workspace);
    const gitDir = repository.ok ? await this.#gitDir(workspace) : undefined;
    if (!repository.ok || gitDir === undefined) return [];
    const { commonDir } = repository.value;
    return [
      { folder: gitDir, names: OWN },
      { folder: join(gitDir, 'logs'), names: new Set(['HEAD']) },
      { folder: commonDir, names: new Set(['packed-refs']) },
      { folder: join(commonDir, 'reftable') },
      ...(await branchSpot(gitDir, commonDir)),
    ];
  }

  async #gitDir(workspace: string): Promise<string | undefined> {
    const known = this.#gitDirs.get(workspace);
    if (known !== undefined) return known;
    const told = await this.#sources.theirs.text(['rev-parse', '--absolute-git-dir'], { cwd: workspace });
    if (told.ok) this.#gitDirs.set(workspace, told.value);
    return told.ok ? told.value : undefined;
  }
}

/** Where the branch that HEAD names is written: the nearest folder that is there, because a packed branch has none. */
async function branchSpot(gitDir: string, commonDir: string): Promise<readonly Spot[]> {
  const text = await readFile(join(gitDir, 'HEAD'), 'utf8').catch(() => '');
  const [, ref] = /^ref: (refs\/.+)\n?$/.exec(text) ?? [];
  if (ref === undefined) return [];
  let path = join(commonDir, ref);
  while (path.length > commonDir.length && (await keyOf(dirname(path))) === undefined) path = dirname(path);
  return [{ folder: dirname(path), names: new Set([basename(path)]) }];
}

/** A folder that was made anew is another one. */
async function keyOf(folder: string): Promise<string | undefined> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() === true ? `${String(found.ino)} ${folder}` : undefined;
}

function together(one: Spot, other: Spot): Spot {
  if (one.names === undefined || other.names === undefined) return { folder: one.folder };
  return { folder: one.folder, names: new Set([...one.names, ...other.names]) };
}
