import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { writeConfigFile } from '../../src/git/configFile.ts';
import { proofEnvironment } from '../../src/git/environment.ts';
import { describe as inWords, Git, type GitError } from '../../src/git/git.ts';
import { Scratch, type ScratchError } from '../../src/git/scratch.ts';
import { mergeTrees, type ThreeWay } from '../../src/git/threeWay.ts';
import type { Result } from '../../src/base/result.ts';
import {
  commit,
  git,
  makeRepository,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
  type Files,
} from '../fixtures/repository.ts';

let directory: string;
let proof: Git;
let number = 0;

beforeAll(async () => {
  directory = temporaryDirectory();
  mkdirSync(join(directory, 'tmp'));
  await writeConfigFile(join(directory, 'config'), []);
  proof = new Git(proofEnvironment({ PATH: process.env['PATH'] }, join(directory, 'config')));
});
afterAll(() => removeDirectory(directory));

/** Thirty lines, some of them another. */
const lines = (changes: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 30 }, (_, at) => `${changes[at + 1] ?? `line ${String(at + 1)}`}\n`).join('');

function must<T>(result: Result<T, GitError | ScratchError | { readonly kind: 'old'; readonly message: string }>): T {
  if (result.ok) return result.value;
  throw new Error(result.error.kind === 'failed' ? inWords(result.error) : result.error.message);
}

class Bed {
  readonly repository: string;
  readonly base: ObjectId;
  readonly #format: 'sha1' | 'sha256';

  constructor(files: Files, { format = 'sha1', name = `repository ${String((number += 1))}` }: Partial<Shape> = {}) {
    this.#format = format;
    this.repository = makeRepository(join(directory, name), files, { objectFormat: format });
    this.base = this.#head();
  }

  /** The tree of the first commit with these files written and those removed. */
  tree(written: Files, ...removed: readonly string[]): ObjectId {
    const first = git(this.repository, 'rev-parse', 'HEAD');
    for (const path of removed) git(this.repository, 'rm', '-q', path);
    write(this.repository, written);
    commit(this.repository);
    const made = this.#head();
    git(this.repository, 'reset', '-q', '--hard', first);
    return made;
  }

  /** Each merge as the files that it makes, or the paths of its conflicts. */
  async merge(...cases: readonly Omit<ThreeWay, 'base'>[]): Promise<readonly unknown[]> {
    const before = photographRepository(this.repository);
    const objects = [join(this.repository, '.git', 'objects')];
    const temporary = join(directory, 'tmp');
    const scratch = must(await Scratch.open({ proof, temporary, objects, objectFormat: this.#format }));
    try {
      must(await scratch.readAttributes(cases[0]?.ours ?? this.base));
      const merges = must(
        await mergeTrees(
          scratch,
          cases.map((one) => ({ base: this.base, ...one })),
        ),
      );
      const told: unknown[] = [];
      for (const merge of merges)
        told.push(merge.kind === 'merged' ? await filesOf(scratch, merge.tree) : { conflict: merge.paths });
      return told;
    } finally {
      await scratch.dispose();
      expect(readdirSync(temporary)).toEqual([]);
      expect(photographRepository(this.repository)).toEqual(before);
    }
  }

  #head(): ObjectId {
    return ObjectId.parse(git(this.repository, 'rev-parse', 'HEAD^{tree}'));
  }
}

interface Shape {
  readonly format: 'sha1' | 'sha256';
  readonly name: string;
}

async function filesOf(scratch: Scratch, tree: ObjectId): Promise<Record<string, string>> {
  const names = must(await scratch.git.text(['ls-tree', '-r', '--name-only', tree], {})).split('\n');
  const files: Record<string, string> = {};
  for (const name of names)
    files[name] = must(await scratch.git.run(['cat-file', 'blob', `${tree}:${name}`], {})).toString();
  return files;
}

describe('trees are merged without a checkout', () => {
  it('what changed apart comes together; what changed at one place is a conflict, by its path', async () => {
    const bed = new Bed({ 'a.txt': lines(), 'b.txt': 'b\n' });
    const ours = bed.tree({ 'a.txt': lines({ 3: 'ours' }) });
    const [apart, same, other] = await bed.merge(
      { ours, theirs: bed.tree({ 'a.txt': lines({ 20: 'theirs' }), 'new.txt': 'new\n' }) },
      { ours, theirs: bed.tree({ 'a.txt': lines({ 3: 'theirs' }) }) },
      { ours, theirs: ours },
    );
    expect(apart).toEqual({ 'a.txt': lines({ 3: 'ours', 20: 'theirs' }), 'b.txt': 'b\n', 'new.txt': 'new\n' });
    expect(same).toEqual({ conflict: ['a.txt'] });
    expect(other).toEqual({ 'a.txt': lines({ 3: 'ours' }), 'b.txt': 'b\n' });
  });

  it('follows a file that was moved', async () => {
    const bed = new Bed({ 'a.txt': lines() });
    const ours = bed.tree({ 'moved/a.txt': lines() }, 'a.txt');
    const [merged] = await bed.merge({ ours, theirs: bed.tree({ 'a.txt': lines({ 20: 'theirs' }) }) });
    expect(merged).toEqual({ 'moved/a.txt': lines({ 20: 'theirs' }) });
  });

  it('follows the attributes of our side', async () => {
    const bed = new Bed({
      '.gitattributes': '*.lock -merge\n*.log merge=union\n',
      'a.lock': lines(),
      'b.log': 'one\n',
    });
    const ours = bed.tree({ 'a.lock': lines({ 3: 'ours' }), 'b.log': 'one\nours\n' });
    const [locked, united] = await bed.merge(
      { ours, theirs: bed.tree({ 'a.lock': lines({ 20: 'theirs' }) }) },
      { ours, theirs: bed.tree({ 'b.log': 'one\ntheirs\n' }) },
    );
    expect(locked).toEqual({ conflict: ['a.lock'] });
    expect(united).toMatchObject({ 'b.log': 'one\nours\ntheirs\n' });
  });

  it('in repositories of SHA-256, and below folders with unusual names', async () => {
    for (const shape of [
      { format: 'sha256' as const },
      { name: 'a "quoted" \\ name\nof two lines' },
      { name: '#c:d;e' },
    ]) {
      const bed = new Bed({ 'a.txt': lines() }, shape);
      const [merged] = await bed.merge({
        ours: bed.tree({ 'a.txt': lines({ 3: 'ours' }) }),
        theirs: bed.tree({ 'a.txt': lines({ 20: 'theirs' }) }),
      });
      expect(merged).toEqual({ 'a.txt': lines({ 3: 'ours', 20: 'theirs' }) });
    }
  });
});
