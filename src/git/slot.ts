import { randomBytes } from 'node:crypto';
import { copyFile, lstat, mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import { copyIndex, gitlinksIn, pathIn, type WorkTree } from './capture.ts';
import { describe, type Git } from './git.ts';
import { below, fields, type BytePath } from './path.ts';
import { removeTree } from './removeTree.ts';
import { walk } from './walk.ts';
import { changedAtOnce } from './youngFiles.ts';

export interface SlotError {
  readonly kind: 'slot';
  readonly message: string;
}

/** What there is to know of a commit before its files are captured. */
interface Survey {
  readonly commit?: ObjectId;
  readonly submodules: readonly BytePath[];
  readonly attributes: readonly BytePath[];
  readonly modules: readonly BytePath[];
}

/**
 * One pooled checkout: a repository of its own, whose objects come from the mirror by alternates, so that an executor
 * finds what a plain clone would give. The relay's index of it lives beside it, out of the executor's sight.
 */
export class Slot implements WorkTree {
  readonly root: string;
  readonly index: string;
  /** The index just after the checkout: what the baseline looks like, with valid file times. */
  readonly baseIndex: string;
  readonly #git: Git;
  readonly #mirror: string;
  readonly #objectFormat: 'sha1' | 'sha256';
  /** The commit that the files are at; undefined when that is not known. */
  #at: ObjectId | undefined;
  /** Whether `baseIndex` is of the files that are here. */
  #isCheckedOut = false;
  #survey: Survey = { submodules: [], attributes: [], modules: [] };
  readonly #identityFile: string;
  #identity: string | undefined;

  constructor(directory: string, git: Git, mirror: string, objectFormat: 'sha1' | 'sha256') {
    this.root = join(directory, 'tree');
    this.index = join(directory, 'index');
    this.baseIndex = join(directory, 'index.base');
    this.#identityFile = join(directory, 'identity');
    this.#git = git;
    this.#mirror = mirror;
    this.#objectFormat = objectFormat;
  }

  /** Takes over the files that an earlier host left, if the folder is still the one that it made. */
  async adopt(): Promise<void> {
    this.#identity = await readFile(this.#identityFile, 'utf8').catch(() => undefined);
  }

  /** The commit of a slot that is claimed. */
  get commit(): ObjectId {
    if (this.#at === undefined) throw new Error('a slot was read that is at no commit');
    return this.#at;
  }

  get submodules(): readonly BytePath[] {
    return this.#survey.submodules;
  }

  get modules(): readonly BytePath[] {
    return this.#survey.modules;
  }

  get attributes(): readonly BytePath[] {
    return this.#survey.attributes;
  }

  isAt(commit: ObjectId): boolean {
    return this.#at === commit;
  }

  /** Puts the files at a commit: nothing to do where they are there already. */
  async checkOut(commit: ObjectId): Promise<Result<void, SlotError>> {
    if (this.#at === commit && (await this.#isIntact())) return ok(undefined);
    return this.#reset(commit, undefined);
  }

  /** Brings the files back to the commit that they were put at. `unswept`: what a capture found, if it came so far. */
  async reset(unswept: readonly BytePath[] | undefined): Promise<Result<void, SlotError>> {
    return this.#at === undefined ? ok(undefined) : this.#reset(this.#at, unswept);
  }

  /** Puts other files in place of the commit's, for gates that run on a result; `reset` brings the commit back. */
  async show(tree: ObjectId): Promise<Result<void, SlotError>> {
    const shown = await this.#inTree(['read-tree', '--reset', '-u', tree]);
    if (!shown.ok) return shown;
    await copyFile(this.index, join(this.root, '.git', 'index'));
    return ok(undefined);
  }

  /** What an executor can do to a folder has no end, so that whatever throws here is an outcome and no bug. */
  async #reset(commit: ObjectId, unswept: readonly BytePath[] | undefined): Promise<Result<void, SlotError>> {
    this.#at = undefined;
    try {
      if (await this.#isIntact()) {
        const cleaned = await this.#clean(commit, unswept).catch(unusable);
        if (cleaned.ok) return cleaned;
      }
      // Whatever stood in the way (unreadable folders, a broken index): an empty slot is always right.
      await this.#startOver();
      return await this.#clean(commit, []);
    } catch (thrown) {
      return unusable(thrown);
    }
  }

  async #clean(commit: ObjectId, unswept: readonly BytePath[] | undefined): Promise<Result<void, SlotError>> {
    const removed = await removeTree(join(this.root, '.git'));
    if (!removed.ok) return unusable(removed.error);
    const found = unswept ?? (await walk(this.root, new Set())).unswept;
    for (const path of found) {
      const gone = await removeTree(this.#below(path));
      if (!gone.ok) return unusable(gone.error);
    }
    // As the files were put here, and not as a capture found them: what was linked or got other permissions since then
    // differs from it, and is written anew.
    const isKnown = this.#isCheckedOut;
    if (isKnown) await copyIndex(this.baseIndex, this.index);
    const emptied = await this.#emptySubmodules();
    if (!emptied.ok) return emptied;
    // First, or attributes that an executor left beside a file would have a say in how that file is put back.
    const swept = await this.#sweep();
    if (!swept.ok) return swept;
    const young = isKnown ? await changedAtOnce(this.baseIndex, this.root, this.#objectFormat) : [];
    for (const path of young) await unlink(this.#below(path));
    const restored = await this.#inTree(['read-tree', '--reset', '-u', commit]);
    if (!restored.ok) return restored;
    // An earlier host's index may have known an executor's files, or a submodule that is none any more.
    const sweptAgain = isKnown ? ok(undefined) : await this.#sweep();
    if (!sweptAgain.ok) return sweptAgain;
    const looked = await this.#look(commit);
    if (!looked.ok) return looked;
    const submodules = await this.#emptySubmodules();
    if (!submodules.ok) return submodules;
    await copyIndex(this.index, this.baseIndex);
    await this.#rebuildGitDirectory(commit);
    this.#isCheckedOut = true;
    this.#at = commit;
    return ok(undefined);
  }

  #sweep(): Promise<Result<void, SlotError>> {
    return this.#inTree(['clean', '-ffdxq']);
  }

  /** What the commit has that a capture must know of; asked once a commit. */
  async #look(commit: ObjectId): Promise<Result<void, SlotError>> {
    if (this.#survey.commit === commit) return ok(undefined);
    const listed = await this.#git
      .with({ GIT_INDEX_FILE: this.index })
      .run(['ls-files', '-z', '--stage'], { cwd: this.#mirror });
    if (!listed.ok) return err({ kind: 'slot', message: describe(listed.error) });
    const lines = fields(listed.value);
    const named = (name: RegExp): readonly BytePath[] => lines.map(pathIn).filter((path) => name.test(path));
    const [attributes, modules] = [named(/(?:^|\/)\.gitattributes$/), named(/(?:^|\/)\.gitmodules$/i)];
    this.#survey = { commit, submodules: gitlinksIn(lines), attributes, modules };
    return ok(undefined);
  }

  /** A submodule is an empty folder here. Git leaves alone what is put into it. */
  async #emptySubmodules(): Promise<Result<void, SlotError>> {
    for (const path of this.submodules) {
      const removed = await removeTree(this.#below(path));
      if (!removed.ok) return unusable(removed.error);
      await mkdir(this.#below(path), { recursive: true });
    }
    return ok(undefined);
  }

  #below(path: BytePath): Buffer {
    return below(this.root, path);
  }

  /** A fresh `.git`, whatever the executor made of the old one. Written by hand: a process would cost more. */
  async #rebuildGitDirectory(commit: ObjectId): Promise<void> {
    const gitDir = join(this.root, '.git');
    const format = this.#objectFormat === 'sha256' ? '[extensions]\n\tobjectFormat = sha256\n' : '';
    await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
    await Promise.all([
      mkdir(join(gitDir, 'refs', 'heads'), { recursive: true }),
      writeFile(join(gitDir, 'HEAD'), `${commit}\n`),
      writeFile(
        join(gitDir, 'config'),
        `[core]\n\trepositoryformatversion = ${format === '' ? '0' : '1'}\n\tbare = false\n${format}`,
      ),
      writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${alternate(join(this.#mirror, 'objects'))}\n`),
      copyIndex(this.index, join(gitDir, 'index')),
    ]);
    const shallow = join(this.#mirror, 'shallow');
    await copyFile(shallow, join(gitDir, 'shallow')).catch(() => undefined);
  }

  async #startOver(): Promise<void> {
    this.#isCheckedOut = false;
    const removed = await removeTree(this.root);
    // A folder with another user's files in it (of a container, say) cannot be emptied, but it can be put aside.
    if (!removed.ok) await rename(this.root, `${this.root}.${randomBytes(4).toString('hex')}`);
    for (const file of [this.index, `${this.index}.lock`, this.baseIndex]) await rm(file, { force: true });
    await mkdir(this.root, { recursive: true });
    this.#identity = await identityOf(this.root);
    await writeFile(this.#identityFile, this.#identity ?? '');
  }

  /** Whether the folder is the one that the relay made: an executor can delete it, or put a link to elsewhere in its place. */
  async #isIntact(): Promise<boolean> {
    const now = await identityOf(this.root);
    return now !== undefined && now === this.#identity;
  }

  async #inTree(args: readonly string[]): Promise<Result<void, SlotError>> {
    const inSlot = this.#git.with({ GIT_WORK_TREE: this.root, GIT_INDEX_FILE: this.index });
    const done = await inSlot.run(args, { cwd: this.root });
    return done.ok ? ok(undefined) : err({ kind: 'slot', message: describe(done.error) });
  }
}

async function identityOf(path: string): Promise<string | undefined> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  return found?.isDirectory() === true ? `${String(found.dev)}:${String(found.ino)}` : undefined;
}

function unusable(thrown: unknown): Result<never, SlotError> {
  return err({ kind: 'slot', message: `A slot could not be made ready: ${messageOf(thrown)}` });
}

/** A line of objects/info/alternates: quoted where the path could be read as something else. */
function alternate(path: string): string {
  return /^[#"]|\n/.test(path) ? `"${path.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"` : path;
}
