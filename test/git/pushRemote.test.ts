import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { theirsEnvironment } from '../../src/git/environment.ts';
import { compareUrl, forgeOf } from '../../src/git/forge.ts';
import { Git } from '../../src/git/git.ts';
import { branchOfHead } from '../../src/git/headBranch.ts';
import { pushRemoteOf, withoutCredentials } from '../../src/git/pushRemote.ts';
import { git, gitEnvironment, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { must } from '../fixtures/testHost.ts';

const directory = temporaryDirectory();
const theirs = new Git(theirsEnvironment({ PATH: gitEnvironment.PATH, HOME: directory, GIT_CONFIG_NOSYSTEM: '1' }));
let repository: string;
let number = 0;

beforeEach(() => {
  repository = makeRepository(join(directory, String((number += 1))), { 'a.txt': 'a\n' });
});
afterAll(() => removeDirectory(directory));

const set = (key: string, value: string): string => git(repository, 'config', key, value);
const remoteOf = async (branch?: string): Promise<string | undefined> =>
  must(await pushRemoteOf(theirs, repository, branch))?.name;

describe('the remote that a branch goes to', () => {
  it('is the first of what git would take', async () => {
    expect(await remoteOf('main')).toBeUndefined();
    set('remote.only.url', '/x');
    expect(await remoteOf('main')).toBe('only');
    set('remote.other.url', '/y');
    expect(await remoteOf('main')).toBeUndefined();
    set('remote.origin.url', '/o');
    expect(await remoteOf('main')).toBe('origin');
    set('branch.main.remote', '.');
    expect(await remoteOf('main')).toBe('origin');
    set('branch.main.remote', 'other');
    expect(await remoteOf('main')).toBe('other');
    expect(await remoteOf()).toBe('origin');
    expect(await remoteOf('Main')).toBe('origin');
    set('remote.pushDefault', 'only');
    expect(await remoteOf('main')).toBe('only');
    set('branch.main.pushRemote', 'origin');
    expect(await remoteOf('main')).toBe('origin');
    expect(must(await pushRemoteOf(theirs, repository, 'main'))).toEqual({ name: 'origin', url: '/o', among: 3 });
  });

  it('may be a URL, and have dots and spaces in its name', async () => {
    set('branch.a b.c.remote', 'https://me:secret@example.org/x.git');
    const remote = must(await pushRemoteOf(theirs, repository, 'a b.c'));
    expect(remote?.url).toBe('https://me:secret@example.org/x.git');
    expect(withoutCredentials(`to ${remote?.url ?? ''}: no`)).toBe('to https://example.org/x.git: no');
  });
});

describe('the branch of HEAD', () => {
  it('is known where HEAD is on one', async () => {
    expect(await branchOfHead(theirs, repository)).toBe('main');
    git(repository, 'switch', '-q', '-c', 'a/ü b'.replace(' ', '-'));
    expect(await branchOfHead(theirs, repository)).toBe('a/ü-b');
    git(repository, 'worktree', 'add', '-q', '-b', 'linked', join(directory, `linked ${String(number)}`));
    expect(await branchOfHead(theirs, join(directory, `linked ${String(number)}`))).toBe('linked');
    git(repository, 'switch', '-q', '--detach');
    expect(await branchOfHead(theirs, repository)).toBeUndefined();
    expect(await branchOfHead(theirs, directory)).toBeUndefined();
  });
});

describe('a forge', () => {
  it.each([
    ['https://github.com/o/r.git', 'github.com'],
    ['https://me:token@github.com/o/r', 'github.com'],
    ['https://www.github.com/o/r/', 'github.com'],
    ['git@github.com:o/r.git', 'github.com'],
    ['github.com:o/r', 'github.com'],
    ['ssh://git@github.com/o/r.git', 'github.com'],
    ['ssh://git@ssh.github.com:443/o/r.git', 'github.com'],
    ['git://github.com/o/r.git', 'github.com'],
    ['https://github.example.org/o/r.git', 'github.example.org'],
    ['https://acme.ghe.com/o/r.git', 'acme.ghe.com'],
  ])('is known by %s', (url, host) => {
    const forge = forgeOf(url);
    expect(forge).toEqual({ host, owner: 'o', repository: 'r' });
  });

  it.each([
    '/a/path',
    'file:///github.com/o/r',
    'https://gitlab.com/o/r.git',
    'https://github.com/o',
    'https://github.com/o/r/more',
    'https://notgithub.com/o/r.git',
    'C:\\o\\r',
    '',
  ])('is not in %j', (url) => expect(forgeOf(url)).toBeUndefined());

  it('has a page for two branches, whatever their names', () => {
    const forge = { host: 'github.com', owner: 'o', repository: 'r' };
    expect(compareUrl(forge, 'a/b#c', 'relay/x')).toBe('https://github.com/o/r/compare/a/b%23c...relay/x?expand=1');
    expect(compareUrl(forge, undefined, 'relay/x')).toBe('https://github.com/o/r/compare/relay/x?expand=1');
  });
});
