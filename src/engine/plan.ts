import { err, ok, type Result } from '../base/result.ts';
import type { Digest, ObjectId } from '../domain/ids.ts';
import type { SucceededJob } from '../domain/job.ts';
import { describe } from '../git/git.ts';
import { patchFiles, type PatchFile } from '../git/patchFiles.ts';
import { shown, type BytePath } from '../git/path.ts';
import { partOf, type Selection } from '../git/selection.ts';
import { isSameSide } from '../git/sides.ts';
import { isInTheWay } from '../protocol/inTheWay.ts';
import type { FileDelivery } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import { ensureBaseline } from './baseline.ts';
import { below, folderMode, foldersOf, type FileState, type Found } from './fileState.ts';
import { CHANGED, hindranceOf } from './hindrance.ts';
import { notAsProven } from './landed.ts';
import { asItIs, type Fate, type Landing } from './landing.ts';
import { ontoHead } from './ontoHead.ts';
import type { DeliveredFile, Receipt } from './receipt.ts';
import type { FolderStep } from './rewrite.ts';
import { changedIn } from './since.ts';
import type { Sources } from './sources.ts';
import { Stage, withModeOf } from './stage.ts';
import { Standing } from './standing.ts';

/** All that is known before the first write. */
export interface Plan {
  readonly report: readonly FileDelivery[];
  /** Empty where the report has something in the way; with those of an earlier delivery that stay as they are. */
  readonly files: readonly DeliveredFile[];
  /** As they are now. */
  readonly folders: readonly FolderStep[];
  /** The content of each state, by its digest. */
  readonly contents: ReadonlyMap<Digest, Buffer>;
}

export interface PlanOptions {
  readonly sources: Sources;
  readonly vault: Vault;
  readonly job: SucceededJob;
  readonly patch: Buffer;
  readonly files: readonly PatchFile[];
  /** What is to be written: of a file that is applied in part, with that part. */
  readonly selection: Selection;
  /** Of what is applied already. */
  readonly earlier: Receipt | undefined;
  readonly contentOf: (state: FileState) => Promise<Buffer>;
  /** Paths as people are shown them, with changes that are in an editor and not on disk. */
  readonly unsaved: ReadonlySet<string>;
}

/** What each file that is chosen is, and what it would be. Nothing of the user's is written. */
export async function planDelivery(options: PlanOptions): Promise<Result<Plan, RelayError>> {
  const standing = await Standing.of(options.sources, options.job);
  return standing.ok ? new Planning(options, standing.value).plan() : standing;
}

class Planning {
  readonly #options: PlanOptions;
  readonly #standing: Standing;
  readonly #earlier: ReadonlyMap<BytePath, DeliveredFile>;
  readonly #contents = new Map<Digest, Buffer>();

  constructor(options: PlanOptions, standing: Standing) {
    this.#options = options;
    this.#standing = standing;
    this.#earlier = new Map((options.earlier?.files ?? []).map((file) => [file.path, file]));
  }

  async plan(): Promise<Result<Plan, RelayError>> {
    const landing = await this.#landing();
    if (!landing.ok) return landing;
    const { fates } = landing.value;
    const looked = await this.#standing.look([...fates.keys()]);
    if (!looked.ok) return looked;
    const report = await this.#report(fates);
    if (!report.ok) return report;
    const written = new Set(
      [...report.value].flatMap(([path, { verdict }]) => (verdict === 'clean' || verdict === 'merged' ? [path] : [])),
    );
    const told = [...report.value.values()];
    if (told.some(isInTheWay)) return ok({ report: told, files: [], folders: [], contents: this.#contents });
    return this.#staged(landing.value, written, told);
  }

  /** Onto HEAD as it is, by a merge only where that is needed. */
  async #landing(): Promise<Result<Landing, RelayError>> {
    const { job, patch, files, selection } = this.#options;
    const chosen = files.filter(({ path }) => selection.has(path));
    const looked = await this.#standing.look(chosen.map(({ path }) => path));
    if (!looked.ok) return looked;
    const asBaseline = await this.#asBaseline(chosen);
    if (!asBaseline.ok) return asBaseline;
    const kept = new Set(asBaseline.value.map(({ path }) => path));
    const moved = await this.#standing.moved(
      job.baseline,
      chosen.filter(({ path }) => !kept.has(path)),
    );
    if (!moved.ok) return moved;
    const isUnclear = chosen.some(
      ({ path }) =>
        selection.get(path) !== 'whole' && this.#standing.isDirty(path) && !kept.has(path) && !this.#earlier.has(path),
    );
    if (moved.value.size === 0 && !isUnclear) return ok(asItIs(patch, files, selection));
    return this.#merged(moved.value, asBaseline.value);
  }

  /**
   * Files that are dirty as the baseline is: of a baseline that is no commit of the repository, such as the user's own
   * uncommitted work. One with a part of the patch is what it was ahead of that.
   */
  async #asBaseline(chosen: readonly PatchFile[]): Promise<Result<readonly PatchFile[], RelayError>> {
    const dirty = chosen.filter(({ path }) => this.#standing.isDirty(path));
    if (this.#standing.hasBaseline || dirty.length === 0) return ok([]);
    const untouched = dirty.filter(({ path }) => !this.#earlier.has(path));
    const sides = await this.#standing.sides(untouched.map(({ path }) => path));
    if (!sides.ok) return sides;
    const same = untouched.filter(({ path, before }) => isSameSide(sides.value.get(path), before));
    for (const file of dirty) {
      if (!this.#earlier.has(file.path)) continue;
      const side = await this.#standing.sideOf(file.path, await this.#groundOf(file.path));
      if (!side.ok) return side;
      if (isSameSide(side.value, file.before)) same.push(file);
    }
    return ok(same);
  }

  async #merged(moved: ReadonlySet<BytePath>, asBaseline: readonly PatchFile[]): Promise<Result<Landing, RelayError>> {
    const { sources, job, patch, files, selection } = this.#options;
    const trees = await treesOf(this.#options, job, this.#standing);
    if (!trees.ok) return trees;
    const scratch = await sources.scratch(job);
    if (!scratch.ok) return err(relayError('io', scratch.error.message));
    try {
      const place = { scratch: scratch.value, ...trees.value };
      const landing = await ontoHead({ ...place, patch, files, selection, moved, asBaseline });
      return landing.ok ? landing : err(relayError('io', describe(landing.error)));
    } finally {
      await scratch.value.dispose();
    }
  }

  /** A word for each file, in the order of their names. */
  async #report(fates: ReadonlyMap<BytePath, Fate>): Promise<Result<ReadonlyMap<BytePath, FileDelivery>, RelayError>> {
    const { unsaved, files } = this.#options;
    const report = new Map<BytePath, FileDelivery>();
    const byPath = new Map(files.map((file) => [file.path, file]));
    for (const path of [...fates.keys()].sort()) {
      const fate = fates.get(path);
      if (fate === undefined) continue;
      const place = { standing: this.#standing, touched: new Set(fates.keys()), unsaved };
      const told = await hindranceOf(place, { path, fate, file: byPath.get(path), earlier: this.#earlier.get(path) });
      if (!told.ok) return told;
      report.set(path, told.value);
    }
    // Also those that HEAD calls otherwise: they have no word of their own.
    const before = [...this.#earlier.values()];
    const meant = before.filter(({ path }) => this.#options.selection.has(path) && !report.has(path));
    for (const path of await changedIn(this.#standing.workspace, before, meant))
      report.set(Buffer.from(path).toString('latin1'), { path, verdict: 'blocked', detail: CHANGED });
    return ok(report);
  }

  async #staged(
    { patch, fates }: Landing,
    written: ReadonlySet<BytePath>,
    report: readonly FileDelivery[],
  ): Promise<Result<Plan, RelayError>> {
    const { sources } = this.#options;
    const nothing = { files: [], folders: [], contents: this.#contents };
    const stage = await Stage.open(sources.temporary, sources.theirs, this.#standing.workspace);
    try {
      const grounds = new Map<BytePath, Found>();
      for (const path of written) grounds.set(path, await this.#groundOf(path));
      await stage.put(grounds);
      await stage.putAttributes(written);
      const inPatch = patchFiles(patch);
      const patched = new Map(inPatch.map((file) => [file.path, file]));
      const part = partOf(patch, inPatch, new Map([...written].map((path) => [path, 'whole'])));
      const applied = written.size === 0 ? ok(undefined) : await stage.apply(part);
      if (!applied.ok) return ok({ report: conflicts(report, applied.error.message), ...nothing });
      const found = await stage.read([...grounds.keys()]);
      const made = new Map([...grounds].map(([path, ground], at) => [path, found[at] ?? ground] as const));
      const otherwise = await notAsProven(stage, made, fates, this.#standing.objectFormat);
      if (!otherwise.ok) return err(relayError('io', otherwise.error.message));
      if (otherwise.value.size > 0) return ok({ report: elsewhere(report, otherwise.value), ...nothing });
      const files = await this.#files(stage, { grounds, made, patched });
      return ok({ report, files, folders: await this.#folders(written), contents: this.#contents });
    } finally {
      await stage.dispose();
    }
  }

  /** What the patch is applied to: of a file with a part of the patch on top of HEAD, what it was before that. */
  async #groundOf(path: BytePath): Promise<Found> {
    const earlier = this.#earlier.get(path);
    const now = await this.#standing.at(path);
    this.#keep(now);
    if (earlier === undefined || !this.#standing.isDirty(path)) return now;
    const ground = { state: earlier.before, content: await this.#options.contentOf(earlier.before) };
    this.#keep(ground);
    return ground;
  }

  async #files(stage: Stage, { grounds, made, patched }: Made): Promise<readonly DeliveredFile[]> {
    const files: DeliveredFile[] = [];
    for (const [path, ground] of grounds) {
      const { state: from } = await this.#standing.at(path);
      const found = made.get(path) ?? ground;
      this.#keep(found);
      const after = withModeOf(ground.state, found.state, patched.get(path));
      const earlier = this.#earlier.get(path);
      files.push(earlier === undefined ? { path, before: from, after } : { path, before: earlier.before, from, after });
    }
    for (const { path, before, after } of this.#earlier.values()) {
      if (grounds.has(path)) continue;
      // A file that this delivery puts into its place makes a folder of it.
      const isFolder = after.kind === 'absent' && files.some((file) => isBelow(file, path));
      const [now = { state: after }] = isFolder ? await stage.read([path]) : [];
      files.push({ path, before, from: after, after: now.state });
    }
    return files;
  }

  #keep({ state, content }: Found): void {
    if (state.kind === 'file' || state.kind === 'link') this.#contents.set(state.digest, content);
  }

  /** Every folder above a written path or in the place of one, as it is now. */
  async #folders(written: ReadonlySet<BytePath>): Promise<readonly FolderStep[]> {
    const { workspace } = this.#standing;
    const paths = new Set([...written].flatMap((path) => foldersOf(path)));
    for (const path of written) {
      const { state } = await this.#standing.at(path);
      if (state.kind === 'folder') for (const folder of (await below(workspace, path)).folders) paths.add(folder);
    }
    const steps: FolderStep[] = [];
    for (const path of paths) steps.push({ path, mode: (await folderMode(workspace, path)) ?? null });
    return steps;
  }
}

/** What a stage had of each file, what it made of it, and by what. */
interface Made {
  readonly grounds: ReadonlyMap<BytePath, Found>;
  readonly made: ReadonlyMap<BytePath, Found>;
  readonly patched: ReadonlyMap<BytePath, PatchFile>;
}

function isBelow({ path, after }: DeliveredFile, folder: BytePath): boolean {
  return after.kind !== 'absent' && path.startsWith(`${folder}/`);
}

type Objects = Pick<PlanOptions, 'sources' | 'vault'>;

/** The trees of the baseline and of HEAD. */
async function treesOf(
  objects: Objects,
  { baseline, workspace, ...job }: SucceededJob,
  { head, hasBaseline }: Standing,
): Promise<Result<{ readonly base: ObjectId; readonly head: ObjectId | undefined }, RelayError>> {
  const repository = await objects.sources.repository(workspace);
  if (!repository.ok) return err(relayError('blocked', repository.error.message));
  const { catFile } = repository.value;
  const base = hasBaseline
    ? await catFile.commitTree(baseline)
    : await mirrored(objects, { baseline, workspace, ...job });
  if (!base.ok) return err(relayError('io', 'message' in base.error ? base.error.message : gone(baseline)));
  if (head === undefined) return ok({ base: base.value, head });
  const tree = await catFile.commitTree(head);
  return tree.ok ? ok({ base: base.value, head: tree.value }) : err(relayError('io', gone(head)));
}

/** A baseline that the user's repository does not have is in the mirror. */
async function mirrored(
  { sources, vault }: Objects,
  job: SucceededJob,
): Promise<Result<ObjectId, { readonly message: string }>> {
  const ground = await sources.ground(job);
  if (!ground.ok) return ground;
  return ensureBaseline(job, { mirror: ground.value.mirror, vault }, new AbortController().signal);
}

function gone(commit: ObjectId): string {
  return `The commit ${commit} cannot be read any more. Look at the repository with git fsck.`;
}

const ELSEWHERE =
  'the patch would make something else of it than was proven: commit, stash or take back your changes here, or leave it out';

function elsewhere(report: readonly FileDelivery[], paths: ReadonlySet<BytePath>): readonly FileDelivery[] {
  const names = new Set([...paths].map(shown));
  return report.map((file) =>
    names.has(file.path) ? { ...file, verdict: 'conflict' as const, detail: ELSEWHERE } : file,
  );
}

function conflicts(report: readonly FileDelivery[], detail: string): readonly FileDelivery[] {
  const isWritten = ({ verdict }: FileDelivery): boolean => verdict === 'clean' || verdict === 'merged';
  const isNamed = report.some((file) => isWritten(file) && detail.includes(file.path));
  return report.map((file) =>
    isWritten(file) && (!isNamed || detail.includes(file.path))
      ? { ...file, verdict: 'conflict' as const, detail }
      : file,
  );
}
