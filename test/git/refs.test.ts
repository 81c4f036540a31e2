import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { Git } from '../../src/git/git.ts';
import { Refs } from '../../src/git/refs.ts';

let repository: string;
let refs: Refs;

beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'refs-'));
  git('init', '--quiet', '--bare');
  refs = new Refs(new Git({ PATH: process.env['PATH'] ?? '', GIT_DIR: repository }), repository);
});

afterEach(async () => {
  await refs.close();
  await rm(repository, { recursive: true, force: true });
});

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8', input: '' }).trim();
}

const blob = (): ObjectId => ObjectId.parse(git('hash-object', '-w', '--stdin'));
const ABSENT = ObjectId.parse('1'.repeat(40));

describe('refs that are set by a warm git', () => {
  it('are there when it has answered, those of each set', async () => {
    const id = blob();
    const sets = ['one', 'two', 'three'].map((name) => refs.set({ [`refs/a/${name}`]: id, [`refs/b/${name}`]: id }));
    expect(await Promise.all(sets)).toEqual(sets.map(() => ({ ok: true, value: undefined })));
    expect(await refs.set({ 'refs/a/one': id, 'refs/c': id })).toMatchObject({ ok: true });
    expect(git('for-each-ref', '--format=%(refname)').split('\n')).toHaveLength(7);
  });

  it('are set although a git that was killed left one of them locked', async () => {
    const id = blob();
    await mkdir(join(repository, 'refs/job'));
    await writeFile(join(repository, 'refs/job/result.lock'), '');
    expect(await refs.set({ 'refs/job/baseline': id, 'refs/job/result': id })).toMatchObject({ ok: true });
    expect(await refs.set({ 'refs/next': id })).toMatchObject({ ok: true });
    expect(git('for-each-ref', '--format=%(refname)').split('\n')).toHaveLength(3);
  });

  it('are all refused where one is, with what git said; a set beside it and the next are not', async () => {
    const id = blob();
    const [bad, good] = await Promise.all([
      refs.set({ 'refs/bad/one': id, 'refs/bad/two': ABSENT }),
      refs.set({ 'refs/good': id }),
    ]);
    expect(bad).toMatchObject({
      ok: false,
      error: { kind: 'failed', stderr: expect.stringContaining(ABSENT) as string },
    });
    expect(good).toMatchObject({ ok: true });
    expect(await refs.set({ 'refs/next': id })).toMatchObject({ ok: true });
    expect(git('for-each-ref', '--format=%(refname)').split('\n')).toEqual(['refs/good', 'refs/next']);
  });
});
