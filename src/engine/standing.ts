import { relayError, type RelayError } from '../protocol/relayError.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { SucceededJob } from '../domain/job.ts';
import type { ObjectId } from '../domain/ids.ts';
import { NO_MODE, type PatchFile } from '../git/patchFiles.ts';
import type { BytePath } from '../git/path.ts';
import { blobId, blobOf, isSameSide, sidesAt, sidesOf } from '../git/sides.ts';
import type { PatchSide } from '../git/patchFiles.ts';
import { dirtyPaths, overlookedPaths } from '../git/tree.ts';
import { find, findAll, noFolders, standingOf, type Found } from './fileState.ts';
import type { Sources } from './sources.ts';

/** HEAD, and what the user has on top of it. Read once a plan; each file when it is first asked for. */
export class Standing {
  readonly workspace: string;
  readonly head: ObjectId | undefined;
  /** Whether the job's baseline is a commit of the user's repository. */
  readonly hasBaseline: boolean;
  readonly #sources: Sources;
  readonly #dirty: Set<BytePath>;
  readonly #overlooked: Set<BytePath>;
  readonly objectFormat: 'sha1' | 'sha256';
  readonly #found = new Map<BytePath, Found>();
  /** The first among a path's folders that is none. */
  readonly notFolder: (path: BytePath) => Promise<BytePath | undefined>;
  readonly #sides = new Map<BytePath, PatchSide | undefined>();

  private constructor(
    sources: Sources,
    facts: Pick<Standing, 'workspace' | 'head' | 'hasBaseline'>,
    { dirty, overlooked }: { readonly dirty: ReadonlySet<BytePath>; readonly overlooked: ReadonlySet<BytePath> },
    objectFormat: 'sha1' | 'sha256',
  ) {
    this.workspace = facts.workspace;
    this.notFolder = noFolders(facts.workspace);
    this.head = facts.head;
    this.hasBaseline = facts.hasBaseline;
    this.#sources = sources;
    this.#dirty = new Set(dirty);
    this.#overlooked = new Set(overlooked);
    this.objectFormat = objectFormat;
  }

  static async of(sources: Sources, { workspace, baseline }: SucceededJob): Promise<Result<Standing, RelayError>> {
    const [found, dirty, overlooked] = await Promise.all([
      sources.find(workspace, 'HEAD'),
      dirtyPaths(sources.theirs, workspace),
      overlookedPaths(sources.theirs, workspace),
    ]);
    if (!found.ok) return err(relayError('blocked', found.error.message));
    if (!dirty.ok) return unreadable(dirty.error.message);
    if (!overlooked.ok) return unreadable(overlooked.error.message);
    const repository = await sources.repository(workspace);
    if (!repository.ok) return err(relayError('blocked', repository.error.message));
    const { catFile, objectFormat } = repository.value;
    const { commit: head } = found.value;
    const hasBaseline = head === baseline || (await catFile.commit(baseline)).ok;
    return ok(
      new Standing(
        sources,
        { workspace, head, hasBaseline },
        { dirty: dirty.value, overlooked: overlooked.value },
        objectFormat,
      ),
    );
  }

  isDirty(path: BytePath): boolean {
    return this.#dirty.has(path);
  }

  async at(path: BytePath): Promise<Found> {
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    const found = await find(this.workspace, path);
    this.#found.set(path, found);
    return found;
  }

  /** Looks at many together, and at what of them git overlooks: that is dirty where HEAD has it otherwise. */
  async look(paths: readonly BytePath[]): Promise<Result<void, RelayError>> {
    const asked = paths.filter((path) => !this.#found.has(path));
    const found = await findAll(this.workspace, asked);
    asked.forEach((path, at) => {
      const one = found[at];
      if (one !== undefined) this.#found.set(path, one);
    });
    const hidden = paths.filter((path) => this.#overlooked.delete(path));
    if (hidden.length === 0 || this.head === undefined) return ok(undefined);
    const sides = await this.sides(hidden);
    if (!sides.ok) return sides;
    const at = await sidesAt(this.#sources.theirs, this.workspace, this.head, hidden);
    if (!at.ok) return unreadable(at.error.message);
    for (const path of hidden) {
      const id = sides.value.get(path)?.id;
      // What a sparse checkout leaves out is no change of the user's.
      if (id !== undefined && id !== at.value.get(path)?.id) this.#dirty.add(path);
    }
    return ok(undefined);
  }

  /** Those of the patch's files that HEAD has otherwise than the baseline. */
  async moved(baseline: ObjectId, files: readonly PatchFile[]): Promise<Result<ReadonlySet<BytePath>, RelayError>> {
    if (this.head === baseline) return ok(new Set());
    const paths = files.map(({ path }) => path);
    const { theirs } = this.#sources;
    const at =
      this.head === undefined
        ? ok(new Map<BytePath, PatchSide>())
        : await sidesAt(theirs, this.workspace, this.head, paths);
    if (!at.ok) return unreadable(at.error.message);
    return ok(
      new Set(files.filter(({ path, before }) => !isSameSide(at.value.get(path), before)).map(({ path }) => path)),
    );
  }

  /** Files as git would keep them: what two states are compared by where line endings and filters are between them. */
  async sides(paths: readonly BytePath[]): Promise<Result<ReadonlyMap<BytePath, PatchSide | undefined>, RelayError>> {
    const asked = paths.filter((path) => !this.#sides.has(path));
    const standing = [];
    for (const path of asked) {
      const found = await this.at(path);
      this.#sides.set(path, found.state.kind === 'absent' ? { mode: NO_MODE } : undefined);
      standing.push(...standingOf(path, found));
    }
    const told = await sidesOf(this.#sources.theirs, this.workspace, standing, this.objectFormat);
    if (!told.ok) return unreadable(told.error.message);
    for (const [path, side] of told.value) this.#sides.set(path, side);
    return ok(this.#sides);
  }

  /** The same of what is kept of a file and not there now. */
  async sideOf(path: BytePath, found: Found): Promise<Result<PatchSide | undefined, RelayError>> {
    if (found.state.kind === 'absent') return ok({ mode: NO_MODE });
    const [file] = standingOf(path, found);
    if (file === undefined) return ok(undefined);
    if (file.kind === 'link') return ok({ mode: '120000', id: blobId(file.content, this.objectFormat) });
    const id = await blobOf(this.#sources.theirs, this.workspace, path, file.content);
    return id.ok ? ok({ mode: file.executable ? '100755' : '100644', id: id.value }) : unreadable(id.error.message);
  }
}

function unreadable(message: string): Result<never, RelayError> {
  return err(relayError('blocked', `The working tree cannot be read: ${message}`));
}
