import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Lane } from '../base/lane.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { PolicyPlace } from '../checks/policyFile.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import { CatFile } from '../git/catFile.ts';
import { writeConfigFile } from '../git/configFile.ts';
import { proofEnvironment, remoteEnvironment, theirsEnvironment } from '../git/environment.ts';
import { Git, type Environment } from '../git/git.ts';
import { Mirror, mirrorKey, type MirrorSource } from '../git/mirror.ts';
import { removeTree } from '../git/removeTree.ts';
import { openRepository, type Repository, type RepositoryError } from '../git/repository.ts';
import { Scratch } from '../git/scratch.ts';
import { Slots } from '../git/slots.ts';

/** Where a job runs: the mirror of its source, and the slots on it. */
export interface Ground {
  readonly mirror: Mirror;
  readonly slots: Slots;
}

/** What says where a job's objects are. */
export type Sourced = Pick<Job, 'baseline' | 'source' | 'workspace'> & { readonly spec: Pick<JobSpec, 'repo'> };

type Opened = Repository & { readonly catFile: CatFile };

export interface FoundCommit {
  /** Of the working tree that the folder is in. */
  readonly topLevel: string;
  readonly commit: ObjectId | undefined;
}

/** All repositories that jobs come from. `work` is the relay's cache folder: it holds nothing that cannot be made again. */
export class Sources {
  readonly #work: string;
  readonly #slots: number;
  readonly #theirs: Git;
  readonly #proof: Git;
  /** Of git and gh where they speak to the user's servers. */
  readonly remoteEnvironment: Environment;
  readonly #remote: Git;
  readonly #configFile: string;
  readonly #opened = new Map<string, Promise<Result<Opened, RepositoryError>>>();
  readonly #grounds = new Map<string, Promise<Ground>>();
  readonly #safe = new Set<string>();
  readonly #configLane = new Lane();
  #version: Promise<string> | undefined;

  /** `slots`: how many a source gets at most, which is how many jobs run at once. */
  constructor(work: string, environment: Readonly<Record<string, string | undefined>>, slots = Infinity) {
    this.#work = work;
    this.#slots = slots;
    this.#configFile = join(work, 'gitconfig');
    this.#theirs = new Git(theirsEnvironment(environment));
    this.#proof = new Git(proofEnvironment(environment, this.#configFile));
    this.remoteEnvironment = remoteEnvironment(environment);
    this.#remote = new Git(this.remoteEnvironment);
  }

  /** Git as the user has it, for what touches the user's tree. */
  get theirs(): Git {
    return this.#theirs;
  }

  /** Git as the user has it, for their servers. */
  get remote(): Git {
    return this.#remote;
  }

  /** As git says it: `git version 2.39.5`. Asked once. */
  version(): Promise<string> {
    return (this.#version ??= this.#proof.text(['--version'], {}).then((told) => (told.ok ? told.value : 'git')));
  }

  /** The folder for what lives only as long as an attempt. */
  get temporary(): string {
    return join(this.#work, 'tmp');
  }

  /** Removes what an earlier host left half done. */
  async prepare(): Promise<void> {
    await removeTree(this.temporary);
    await mkdir(this.temporary, { recursive: true, mode: 0o700 });
    await this.#configLane.run(() => writeConfigFile(this.#configFile, [...this.#safe]));
  }

  /** The folder `temporary`, and the relay's configuration of git: a person may have deleted the cache while the host lives. */
  async ready(): Promise<Result<string, string>> {
    try {
      await mkdir(this.temporary, { recursive: true, mode: 0o700 });
      await this.#configured();
      return ok(this.temporary);
    } catch (thrown) {
      return err(`Nothing can be written to ${this.temporary}: ${messageOf(thrown)}`);
    }
  }

  /** Those who ask together share one: each has a process. */
  repository(directory: string): Promise<Result<Opened, RepositoryError>> {
    const known = this.#opened.get(directory);
    if (known !== undefined) return known;
    const opening = this.#open(directory);
    this.#opened.set(directory, opening);
    return opening;
  }

  /** What `revision` names in the repository that a folder is in; no commit where there is none. */
  async find(directory: string, revision: string): Promise<Result<FoundCommit, RepositoryError>> {
    const opening = this.repository(directory);
    const repository = await opening;
    if (!repository.ok) return repository;
    const commit = await repository.value.catFile.commit(revision);
    if (commit.ok) return ok({ topLevel: repository.value.topLevel, commit: commit.value });
    // The folder may have become another repository since it was opened, or none.
    if (this.#opened.get(directory) === opening) this.#opened.delete(directory);
    await repository.value.catFile.close();
    const again = await this.repository(directory);
    if (!again.ok) return again;
    const found = await again.value.catFile.commit(revision);
    return ok({ topLevel: again.value.topLevel, commit: found.ok ? found.value : undefined });
  }

  /** HEAD of the working tree that a folder is in, as the user's git has it: for the policy file there. */
  async head(directory: string): Promise<Result<PolicyPlace, RepositoryError>> {
    // It opens again what has become another repository.
    const found = await this.find(directory, 'HEAD');
    if (!found.ok) return found;
    const repository = await this.repository(directory);
    if (!repository.ok) return repository;
    const { topLevel, catFile } = repository.value;
    return ok({ git: this.#theirs, objects: catFile, cwd: topLevel, root: 'HEAD' });
  }

  /** The mirror and slots for a job's source; made when first asked for. */
  async ground(job: Sourced): Promise<Result<Ground, RepositoryError>> {
    const ready = await this.ready();
    if (!ready.ok) return err({ kind: 'failed', message: ready.error });
    if (job.spec.repo?.type === 'git') {
      return ok(
        await this.#groundOf(job.source, {
          location: job.source,
          name: job.source,
          remote: true,
          shallow: false,
          partial: false,
          objectFormat: job.baseline.length === 64 ? 'sha256' : 'sha1',
        }),
      );
    }
    const repository = await this.repository(job.source);
    if (!repository.ok) return err(repository.error);
    const { topLevel, commonDir, shallow, partial, objectFormat } = repository.value;
    await this.#trust([topLevel, commonDir, join(topLevel, '.git')]);
    // What all worktrees share stays where it is when one of them goes.
    const place = { location: commonDir, name: topLevel, remote: false };
    return ok(await this.#groundOf(commonDir, { ...place, shallow, partial, objectFormat }));
  }

  /**
   * A repository for what is only tried: it reads the objects of the job's mirror (and of other jobs', `beside` it) and of
   * the repository that its patch is for, and keeps nothing. Whoever opens it disposes it.
   */
  async scratch(job: Sourced, beside: readonly Sourced[] = []): Promise<Result<Scratch, RepositoryError>> {
    const ground = await this.ground(job);
    if (!ground.ok) return ground;
    const others = await Promise.all(beside.map((other) => this.ground(other)));
    const mirrors = [ground, ...others].flatMap((found) => (found.ok ? [found.value.mirror.directory] : []));
    const workspace = await this.repository(job.workspace);
    if (!workspace.ok) return err(workspace.error);
    return this.#scratch(
      workspace.value,
      [...new Set(mirrors)].map((mirror) => join(mirror, 'objects')),
    );
  }

  /** … and one that reads the objects of the repository that a folder is in, and no mirror's. */
  async workshop(directory: string): Promise<Result<Scratch, RepositoryError>> {
    const repository = await this.repository(directory);
    return repository.ok ? this.#scratch(repository.value, []) : err(repository.error);
  }

  async dispose(): Promise<void> {
    const grounds = await Promise.all(this.#grounds.values());
    await Promise.all(grounds.map((ground) => ground.mirror.dispose()));
    const opened = await Promise.all(this.#opened.values());
    await Promise.all(opened.flatMap((found) => (found.ok ? [found.value.catFile.close()] : [])));
    this.#opened.clear();
    this.#grounds.clear();
  }

  async #scratch(repository: Repository, more: readonly string[]): Promise<Result<Scratch, RepositoryError>> {
    const { commonDir, objectFormat } = repository;
    const objects = [...more, join(commonDir, 'objects')];
    const temporary = await this.ready();
    if (!temporary.ok) return err({ kind: 'failed', message: temporary.error });
    const made = await Scratch.open({ proof: this.#proof, temporary: temporary.value, objects, objectFormat });
    return made.ok ? made : err({ kind: 'failed', message: made.error.message });
  }

  async #open(directory: string): Promise<Result<Opened, RepositoryError>> {
    const found = await openRepository(this.#theirs, directory);
    if (found.ok) return ok({ ...found.value, catFile: new CatFile(this.#theirs, found.value.topLevel) });
    this.#opened.delete(directory);
    return found;
  }

  #groundOf(key: string, source: MirrorSource): Promise<Ground> {
    // A mirror that a wrong id made in another format must not be in the way of the right one.
    const place = mirrorKey(`${source.objectFormat} ${key}`);
    const made = this.#grounds.get(place) ?? this.#make(join(this.#work, place), source);
    this.#grounds.set(place, made);
    return made;
  }

  async #make(directory: string, source: MirrorSource): Promise<Ground> {
    const mirror = new Mirror(
      join(directory, 'mirror.git'),
      source,
      this.#proof,
      source.remote ? this.#remote : this.#proof,
    );
    return { mirror, slots: await Slots.open(join(directory, 'slots'), mirror, source.objectFormat, this.#slots) };
  }

  #configured(): Promise<void> {
    return this.#configLane.run(async () => {
      const isThere = await stat(this.#configFile).then(
        () => true,
        () => false,
      );
      if (!isThere) await writeConfigFile(this.#configFile, [...this.#safe]);
    });
  }

  async #trust(directories: readonly string[]): Promise<void> {
    if (directories.every((directory) => this.#safe.has(directory))) return;
    for (const directory of directories) this.#safe.add(directory);
    await this.#configLane.run(() => writeConfigFile(this.#configFile, [...this.#safe]));
  }
}
