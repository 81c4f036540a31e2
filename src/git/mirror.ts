import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { Lane } from '../base/lane.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { JobId, ObjectId } from '../domain/ids.ts';
import { CatFile } from './catFile.ts';
import { describe, type Git, type GitError } from './git.ts';
import { Refs } from './refs.ts';

/** Where a mirror's objects come from. `git`'s environment is the one that may read it. */
export interface MirrorSource {
  /** A git directory or a URL, as git takes it. */
  readonly location: string;
  /** What a person calls it. */
  readonly name: string;
  readonly remote: boolean;
  readonly shallow: boolean;
  readonly partial: boolean;
  readonly objectFormat: 'sha1' | 'sha256';
}

export interface MirrorError {
  readonly kind: 'source' | 'absent' | 'aborted';
  readonly message: string;
}

/** A baseline that the source has not got: a thin pack of it in a file, on a commit that the source has. */
export interface GraftPack {
  readonly on: ObjectId;
  readonly file: string;
}

/**
 * The relay's private bare clone: without remotes, without hard links into the user's objects, so that nothing that
 * happens in it reaches the user's repository, and nothing that the user does takes a baseline away.
 */
export class Mirror {
  readonly directory: string;
  readonly #source: MirrorSource;
  readonly #proof: Git;
  readonly #fetcher: Git;
  readonly #lane = new Lane();
  readonly #catFile: CatFile;
  readonly #refs: Refs;
  /** Commits that are here with all that they hold. */
  readonly #whole = new Set<ObjectId>();
  #unlocked = false;

  /** `proof` reads and writes the mirror; `fetcher` fetches from the source with whatever credentials it needs. */
  constructor(directory: string, source: MirrorSource, proof: Git, fetcher: Git) {
    this.directory = directory;
    this.#source = source;
    this.#proof = proof.with({ GIT_DIR: directory });
    this.#fetcher = fetcher;
    this.#catFile = new CatFile(this.#proof, directory);
    this.#refs = new Refs(this.#proof, directory);
  }

  /** Git in the mirror, with the relay's own configuration. */
  get git(): Git {
    return this.#proof;
  }

  /** What is known of the mirror's objects, from a process that is warm. */
  get objects(): CatFile {
    return this.#catFile;
  }

  /**
   * Makes sure that the commit and all that it holds is in the mirror; answers its tree. `graft`: where a baseline comes
   * from that is no commit of the source.
   */
  ensure(baseline: ObjectId, signal: AbortSignal, graft?: GraftPack): Promise<Result<ObjectId, MirrorError>> {
    return this.#lane.run(async () => {
      const made = await this.#make(signal);
      if (!made.ok) return made;
      if (graft === undefined) return this.#ensured(baseline, made.value, () => this.#fetch(baseline, signal));
      return this.#ensured(baseline, false, async () => {
        const { on } = graft;
        const ground = await this.#ensured(on, made.value, () => this.#fetch(on, signal));
        return ground.ok ? this.#unpack(baseline, graft.file, signal) : ground;
      });
    });
  }

  /** Keeps what a job started from and what it made, for as long as the refs stand. */
  pin(jobId: JobId, baseline: ObjectId, result: ObjectId): Promise<Result<void, GitError>> {
    const ref = `refs/relay/jobs/${jobId}`;
    return this.#refs.set({ [`${ref}/baseline`]: baseline, [`${ref}/result`]: result });
  }

  async dispose(): Promise<void> {
    await this.#lane.run(() => this.#catFile.close());
    await this.#refs.close();
  }

  async #ensured(
    commit: ObjectId,
    isNew: boolean,
    bring: () => Promise<Result<void, MirrorError>>,
  ): Promise<Result<ObjectId, MirrorError>> {
    if (await this.#isWhole(commit, isNew)) {
      const there = await this.#catFile.commitTree(commit);
      if (there.ok) return there;
    }
    const brought = await bring();
    if (!brought.ok) return brought;
    this.#whole.add(commit);
    const tree = await this.#catFile.commitTree(commit);
    return tree.ok ? tree : err({ kind: 'absent', message: this.#absent(commit) });
  }

  /** Its ref comes last, as that of a fetch does. */
  async #unpack(baseline: ObjectId, file: string, signal: AbortSignal): Promise<Result<void, MirrorError>> {
    const stdin = (pipe: Writable): void => {
      createReadStream(file)
        .on('error', () => pipe.end())
        .pipe(pipe);
    };
    const done = await this.#proof.run(['index-pack', '--stdin', '--fix-thin'], { stdin, signal });
    const kept = done.ok ? await this.#refs.set({ [refOf(baseline)]: baseline }) : done;
    if (kept.ok) return ok(undefined);
    if (kept.error.kind === 'aborted') return err({ kind: 'aborted', message: kept.error.message });
    const said = describe(kept.error);
    const message = `The baseline ${baseline} is no commit of "${this.#source.name}", and its pack in the record (${file}) cannot be used: ${said}. Submit the task again.`;
    return err({ kind: 'source', message });
  }

  /**
   * Whether the mirror has all that the commit holds. That the commit itself is there says little: a fetch that was
   * killed has written some of the objects. Its ref comes last.
   */
  async #isWhole(baseline: ObjectId, isNew: boolean): Promise<boolean> {
    if (isNew || this.#whole.has(baseline) || (await this.#catFile.commit(refOf(baseline))).ok)
      this.#whole.add(baseline);
    return this.#whole.has(baseline);
  }

  /**
   * Clones once, and says whether it did just now: what is only initialised has no objects yet. A clone that did not end is
   * thrown away, so that a mirror is whole or not there.
   */
  async #make(signal: AbortSignal): Promise<Result<boolean, MirrorError>> {
    if (await exists(join(this.directory, 'HEAD'))) {
      await this.#unlock();
      return ok(false);
    }
    this.#unlocked = true;
    this.#whole.clear();
    const unfinished = `${this.directory}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(join(this.directory, '..'), { recursive: true, mode: 0o700 });
    // An empty repository and a fetch of what a job needs would do, but a clone brings the history that agents read.
    const isCloned = !this.#source.partial && !this.#source.remote;
    const made = isCloned ? await this.#clone(unfinished, signal) : await this.#init(unfinished, signal);
    if (!made.ok) {
      await rm(unfinished, { recursive: true, force: true });
      return err(this.#explain(made.error));
    }
    await rename(unfinished, this.directory);
    // Where a mirror was deleted, a process that is warm still has its packs open, and tells of objects that are gone.
    await this.#catFile.close();
    return ok(isCloned);
  }

  /** Removes the locks of a git that was killed with an earlier host: nobody else's git works here. */
  async #unlock(): Promise<void> {
    if (this.#unlocked) return;
    this.#unlocked = true;
    const baselines = dirname(refOf('x'));
    const inBaselines = await readdir(join(this.directory, baselines)).catch(() => []);
    const names = [...(await readdir(this.directory)), ...inBaselines.map((name) => join(baselines, name))];
    const files = names.filter((name) => name.endsWith('.lock'));
    for (const file of files) await rm(join(this.directory, file), { recursive: true, force: true });
  }

  async #clone(directory: string, signal: AbortSignal): Promise<Result<unknown, GitError>> {
    const clone = (how: string): Promise<Result<unknown, GitError>> => {
      const args = ['clone', '--quiet', '--bare', '--template=', how, '--no-tags', '--'];
      return this.#fetcher.run([...args, this.#source.location, directory], { signal });
    };
    const copied = await clone('--no-hardlinks');
    // Git copies no objects that are links to elsewhere, but it reads them.
    const cloned =
      !copied.ok && /symlink|start iterator/.test(describe(copied.error)) ? await clone('--no-local') : copied;
    if (!cloned.ok) return cloned;
    return this.#fetcher.with({ GIT_DIR: directory }).run(['remote', 'remove', 'origin'], {});
  }

  #init(directory: string, signal: AbortSignal): Promise<Result<unknown, GitError>> {
    const format = `--object-format=${this.#source.objectFormat}`;
    return this.#fetcher.run(['init', '--quiet', '--bare', '--template=', format, directory], { signal });
  }

  async #fetch(baseline: ObjectId, signal: AbortSignal): Promise<Result<void, MirrorError>> {
    if (this.#source.partial) {
      const whole = await this.#isComplete(baseline);
      if (!whole.ok) return whole;
    }
    // Of a partial clone only this commit is asked for, because the history behind it may be absent.
    const depth = this.#source.partial ? ['--depth=1'] : [];
    const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'];
    const refspec = `+${baseline}:${refOf(baseline)}`;
    const fetched = await this.#fetcher
      .with({ GIT_DIR: this.directory })
      .run([...args, '--no-recurse-submodules', '--update-shallow', ...depth, '--', this.#source.location, refspec], {
        signal,
      });
    return fetched.ok ? ok(undefined) : err(this.#explain(fetched.error, baseline));
  }

  /** Whether a partial clone has every object of the commit; asking must fetch nothing into the user's repository. */
  async #isComplete(baseline: ObjectId): Promise<Result<void, MirrorError>> {
    const listed = await this.#fetcher.text(['rev-list', '--objects', '--no-walk', '--missing=print', baseline], {
      cwd: this.#source.location,
    });
    if (!listed.ok) return err(this.#explain(listed.error, baseline));
    const missing = listed.value.split('\n').filter((line) => line.startsWith('?')).length;
    if (missing === 0) return ok(undefined);
    return err({
      kind: 'absent',
      message: `"${this.#source.name}" is a partial clone, and ${String(missing)} objects of commit ${baseline} are not in it. Complete it with: git fetch --refetch --no-filter`,
    });
  }

  #absent(baseline: ObjectId): string {
    return `The commit ${baseline} is not in "${this.#source.name}". Name a commit that is, or fetch it there first.`;
  }

  #explain(error: GitError, baseline?: ObjectId): MirrorError {
    if (error.kind === 'aborted') return { kind: 'aborted', message: error.message };
    const said = describe(error);
    if (
      baseline !== undefined &&
      /not our ref|did not send all necessary|couldn't find remote ref|bad object/.test(said)
    ) {
      return { kind: 'absent', message: this.#absent(baseline) };
    }
    return { kind: 'source', message: `The relay could not copy "${this.#source.name}" to its mirror: ${said}` };
  }
}

function refOf(baseline: string): string {
  return `refs/relay/baselines/${baseline}`;
}

/** A short name for a source's mirror. */
export function mirrorKey(location: string): string {
  return createHash('sha256').update(location).digest('hex').slice(0, 10);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
