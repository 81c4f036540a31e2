import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { effectivePolicy, noHostPolicy, type HostPolicy } from '../../src/domain/repositoryPolicy.ts';
import { CatFile } from '../../src/git/catFile.ts';
import { difference, type Difference } from '../../src/git/difference.ts';
import { proofEnvironment } from '../../src/git/environment.ts';
import { Git } from '../../src/git/git.ts';
import { commit, git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { must } from '../fixtures/testHost.ts';

let place: string;
let repository: string;
let own: Git;
let objects: CatFile;
let count = 0;

beforeAll(() => {
  place = temporaryDirectory();
});
beforeEach(() => {
  repository = makeRepository(join(place, String(++count)), { 'a.txt': 'a\n', 'b.txt': 'b\n' });
  own = new Git(proofEnvironment(process.env, '/dev/null')).with({ GIT_DIR: join(repository, '.git') });
  objects = new CatFile(own, repository);
  return () => objects.close();
});
afterAll(() => {
  removeDirectory(place);
});

function tree(): ObjectId {
  return ObjectId.parse(git(repository, 'rev-parse', 'HEAD^{tree}'));
}

async function changed(limits: HostPolicy['limits'], change: () => void): Promise<Difference> {
  const from = tree();
  change();
  commit(repository);
  const policy = effectivePolicy({}, { ...noHostPolicy, limits }, []);
  return must(await difference({ git: own, objects }, from, tree(), policy.limits));
}

describe('a difference', () => {
  it('has the patch, and each path as git has it', async () => {
    const name = Buffer.from('n\nä', 'utf8');
    const found = await changed({}, () => {
      write(repository, { 'a.txt': 'A\n', [name.toString('utf8')]: '' });
      git(repository, 'rm', '--quiet', 'b.txt');
    });
    expect(found.changes.map(({ path, file }) => [path, file.path, file.kind])).toEqual([
      ['a.txt', 'a.txt', 'modified'],
      ['b.txt', 'b.txt', 'deleted'],
      [name.toString('latin1'), 'n\nä', 'added'],
    ]);
    expect(found.patch.toString()).toMatch(/^diff --git a\/a\.txt b\/a\.txt\n/);
    expect(found.excess).toBeUndefined();
  });

  it('has no patch that is larger than the limit, and tells how large it is', async () => {
    const found = await changed({ patchBytes: 1000 }, () => write(repository, { 'a.txt': 'x'.repeat(10_000) }));
    expect(found.patch.byteLength).toBe(0);
    expect(found.excess).toMatchObject({ kind: 'patchBytes' });
    expect(found.excess?.found).toBeGreaterThan(10_000);
    const all = await changed({ patchBytes: 100_000 }, () => write(repository, { 'a.txt': 'y'.repeat(10_000) }));
    expect(all.excess).toBeUndefined();
  });

  it('looks at the sizes of files, however small the patch is', async () => {
    const zeros = Buffer.alloc(3 * 1024 * 1024);
    const bomb = await changed({ fileBytes: 1024 * 1024 }, () => write(repository, { bomb: zeros }));
    expect(bomb).toMatchObject({ excess: { kind: 'fileBytes', found: zeros.length, path: 'bomb' } });
    // It is there now, and its end is as large as its beginning.
    const gone = await changed({ fileBytes: 1024 * 1024 }, () => git(repository, 'rm', '--quiet', 'bomb'));
    expect(gone).toMatchObject({ excess: { kind: 'fileBytes', found: zeros.length } });
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`z${String(index)}`, zeros]));
    const all = await changed({ patchBytes: 1024 * 1024 }, () => write(repository, many));
    expect(all).toMatchObject({ excess: { kind: 'allBytes', found: 20 * zeros.length, most: 16 * 1024 * 1024 } });
  });

  it('counts the files', async () => {
    const found = await changed({ files: 1 }, () => write(repository, { 'a.txt': 'A\n', 'b.txt': 'B\n' }));
    expect(found).toMatchObject({ excess: { kind: 'files', found: 2 } });
  });
});
