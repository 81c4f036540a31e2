import { chownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Result } from '../../src/base/result.ts';
import { openHost, type Host, type HostError } from '../../src/host.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  commit,
  git,
  gitsView,
  makeRepository,
  photograph,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
  type Photograph,
} from '../fixtures/repository.ts';
import { assets, command, environmentFor, must, openTestHost } from '../fixtures/testHost.ts';

const files = { 'a.txt': 'one\n', 'src/b.txt': 'two\n' };
const isRoot = process.getuid?.() === 0;

let directory: string;
let number = 0;

beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => removeDirectory(directory));

/** A folder that no other case has. */
function fresh(name = 'case'): string {
  number += 1;
  const folder = join(directory, `${String(number)}-${name}`);
  mkdirSync(folder);
  return folder;
}

function open(
  folder: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<Result<Host, HostError>> {
  return openHost({
    directory: folder,
    assets,
    mode: 'run',
    agentCommands: 'allow',
    version: '0',
    environment: environmentFor(fresh('cache'), environment),
    clock: systemClock,
    log: silentLog,
  });
}

async function expectRefused(folder: string, message: RegExp, environment = {}): Promise<void> {
  const opened = await open(folder, environment);
  if (opened.ok) await opened.value.close();
  expect(opened).toMatchObject({ ok: false, error: { message: expect.stringMatching(message) as unknown } });
}

interface Trip {
  /** Where the host is opened, if not at the top of the working tree. */
  readonly at?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What must stay as it is besides: a superproject, an origin. */
  readonly also?: readonly string[];
}

/** The whole way: a job, its patch in the user's tree, and back; nothing else of theirs is touched at any time. */
async function expectWholeWay(
  repository: string,
  { at = repository, environment = {}, also = [] }: Trip = {},
): Promise<void> {
  const all = [repository, ...also];
  const see = (): readonly Photograph[] => all.map((one) => photograph(one, isRecord));
  const before = see();
  const whole = gitsView(repository);
  const host = await openTestHost({ directory: at, cache: fresh('cache'), environment });
  try {
    const job = await host.run(
      command('echo more >> a.txt; rm src/b.txt; echo new > "new file"; git log --oneline | head -1'),
    );
    expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 3 });
    expect(see()).toEqual(before);
    must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
    expect(git(repository, 'status', '--porcelain').split('\n').sort()).toEqual(
      [' D src/b.txt', ' M a.txt', '?? "new file"'].sort(),
    );
    must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
    expect(see()).toEqual(before);
    expect(gitsView(repository)).toEqual(whole);
  } finally {
    await host.close();
  }
  await expectNothingLeft(host.host.places);
}

const isRecord = (path: string): boolean => /(^|\/)task-relay$/.test(path);

describe('refuses, and says what to do,', () => {
  it('a folder that does not exist', () =>
    expectRefused(join(directory, 'nowhere'), /no folder that can be read.*Name the folder/));
  it('a file', () => {
    const folder = fresh();
    writeFileSync(join(folder, 'file'), '');
    return expectRefused(join(folder, 'file'), /no folder that can be read/);
  });
  it('a folder that is no repository', () => expectRefused(fresh(), /not in a git repository.*git init/));
  it('a bare repository', () => {
    const folder = fresh();
    git(folder, 'init', '-q', '--bare', 'x.git');
    return expectRefused(join(folder, 'x.git'), /bare repository.*clone/);
  });
  it('the inside of .git', () => {
    const repository = makeRepository(fresh(), files);
    return expectRefused(join(repository, '.git', 'refs'), /inside a \.git directory.*working tree/);
  });
  it('a machine without git', () =>
    expectRefused(makeRepository(fresh(), files), /git was not found. Install git/, { PATH: fresh('bin') }));
  it('a repository that git cannot read', () => {
    const repository = makeRepository(fresh(), files);
    writeFileSync(join(repository, '.git', 'config'), '[core\n');
    return expectRefused(repository, /git could not open.*bad config/s);
  });
  it('a repository of a format to come', () => {
    const repository = makeRepository(fresh(), files);
    git(repository, 'config', 'core.repositoryFormatVersion', '99');
    return expectRefused(repository, /git could not open.*99/s);
  });
  it('a path that is no UTF-8, which no program can be given here', () => {
    const folder = fresh();
    const repository = makeRepository(join(folder, 'x'), files);
    const renamed = Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.from([0xff, 0xfe])]);
    renameSync(repository, renamed);
    symlinkSync(renamed, join(folder, 'link'));
    return expectRefused(join(folder, 'link'), /UTF-8.*[Rr]ename/);
  });
  it.skipIf(!isRoot)('a repository of another owner, until it is trusted', async () => {
    const repository = makeRepository(fresh(), files);
    chownAll(repository);
    await expectRefused(repository, /belongs to another user.*safe\.directory/);
    const home = fresh('home');
    write(home, { '.gitconfig': `[safe]\n\tdirectory = ${repository}\n` });
    await expectWholeWay(repository, { environment: { HOME: home } });
  });
});

it('refuses a job where there is no commit yet', async () => {
  const repository = fresh();
  git(repository, 'init', '-q');
  const before = photographRepository(repository);
  const host = await openTestHost({ directory: repository, cache: fresh('cache') });
  expect(await host.submit(command('true'))).toMatchObject({
    ok: false,
    error: { kind: 'invalid', message: expect.stringMatching(/no commit yet. Make a first commit/) as unknown },
  });
  // And takes one as soon as there is.
  commit(repository);
  expect(await host.run(command('echo x > x'))).toMatchObject({ state: 'SUCCEEDED' });
  await host.close();
  await expectNothingLeft(host.host.places);
  expect(Object.keys(photographRepository(repository))).toEqual(expect.arrayContaining(Object.keys(before)));
});

describe('goes the whole way in', () => {
  it.each([
    ['a space and a quote', `it's a "path"`],
    ['a newline', 'two\nlines'],
    ['a newline at its end', 'ends\n'],
    ['an emoji', 'naïve 🦊 路径'],
    ['a dash at its beginning', '-n'],
    ['a colon', 'host:path'],
    ['a backslash and a tab', 'a\\tb\tc'],
    ['what a configuration would expand', '%(prefix)$HOME~'],
    ['glob characters', '[a]*?{b}'],
    ['a hash and a semicolon', '#a;b'],
  ])('a path with %s', async (_name, name) => {
    await expectWholeWay(makeRepository(join(fresh(), name), files));
  });

  it('a folder of it', async () => {
    const repository = makeRepository(fresh(), files);
    await expectWholeWay(repository, { at: join(repository, 'src') });
  });

  it('a link to it', async () => {
    const repository = makeRepository(fresh(), files);
    const link = join(fresh(), 'link');
    symlinkSync(repository, link);
    await expectWholeWay(repository, { at: link });
  });

  it('a detached HEAD that no branch has', async () => {
    const repository = makeRepository(fresh(), files);
    git(repository, 'checkout', '-q', '--detach');
    write(repository, { 'c.txt': 'three\n' });
    commit(repository);
    await expectWholeWay(repository);
  });

  it('a sha256 repository', async () => {
    await expectWholeWay(makeRepository(fresh(), files, { objectFormat: 'sha256' }));
  });

  it('a repository with packed refs and objects', async () => {
    const repository = makeRepository(fresh(), files);
    git(repository, 'gc', '-q');
    await expectWholeWay(repository);
  });

  it('a repository whose objects are elsewhere', async () => {
    const origin = makeRepository(fresh(), files);
    const folder = fresh();
    git(folder, 'clone', '-q', '--shared', origin, 'x');
    await expectWholeWay(join(folder, 'x'), { also: [origin] });
  });

  it('a repository with links among its objects', async () => {
    const repository = makeRepository(fresh(), files);
    const elsewhere = fresh();
    renameSync(join(repository, '.git', 'objects'), join(elsewhere, 'objects'));
    symlinkSync(join(elsewhere, 'objects'), join(repository, '.git', 'objects'));
    await expectWholeWay(repository, { also: [elsewhere] });
  });

  it('a repository whose .git is elsewhere', async () => {
    const folder = fresh();
    git(folder, 'init', '-q', `--separate-git-dir=${join(folder, 'git dir')}`, 'x');
    write(join(folder, 'x'), files);
    commit(join(folder, 'x'));
    await expectWholeWay(join(folder, 'x'), { also: [join(folder, 'git dir')] });
  });

  it('a shallow clone', async () => {
    const origin = makeRepository(fresh(), { 'old.txt': 'old\n' });
    write(origin, files);
    commit(origin);
    const folder = fresh();
    git(folder, 'clone', '-q', '--depth=1', pathToFileURL(origin).href, 'x');
    await expectWholeWay(join(folder, 'x'), { also: [origin] });
  });

  it('a shallow clone that is made deeper, or shallower, in between', async () => {
    const origin = makeRepository(fresh(), { 'old.txt': 'old\n' });
    write(origin, files);
    commit(origin);
    const folder = fresh();
    git(folder, 'clone', '-q', '--depth=1', pathToFileURL(origin).href, 'x');
    const host = await openTestHost({ directory: join(folder, 'x'), cache: fresh('cache') });
    expect(await host.run(command('echo x > x'))).toMatchObject({ state: 'SUCCEEDED' });
    write(origin, { 'c.txt': 'three\n' });
    commit(origin);
    git(join(folder, 'x'), 'fetch', '-q', '--depth=1');
    git(join(folder, 'x'), 'reset', '-q', '--hard', 'origin/main');
    expect(await host.run(command('echo x > x'))).toMatchObject({ state: 'SUCCEEDED' });
    write(origin, { 'd.txt': 'four\n' });
    commit(origin);
    git(join(folder, 'x'), 'pull', '-q', '--unshallow');
    expect(await host.run(command('test -f d.txt && echo x > x'))).toMatchObject({ state: 'SUCCEEDED' });
    await host.close();
    await expectNothingLeft(host.host.places);
  });

  it('a partial clone that has all of HEAD', async () => {
    const { clone, origin } = partialClone(true);
    await expectWholeWay(clone, { also: [origin] });
  });

  it("a submodule's own folder", async () => {
    const { superproject } = withSubmodule();
    await expectWholeWay(join(superproject, 'sub'), { also: [superproject] });
  });

  it('a repository with a submodule', async () => {
    const { superproject } = withSubmodule();
    await expectWholeWay(superproject);
  });

  it('a linked worktree, whose HEAD is its own', async () => {
    const { repository, linked } = withWorktree();
    await expectWholeWay(linked, { also: [repository] });
  });

  it.skipIf(!isRoot)('a linked worktree of another owner', async () => {
    const { repository, linked } = withWorktree();
    chownAll(repository);
    chownAll(linked);
    const home = fresh('home');
    write(home, {
      '.gitconfig': `[safe]\n\tdirectory = ${repository}\n\tdirectory = ${linked}\n\tdirectory = ${join(repository, '.git')}\n`,
    });
    await expectWholeWay(linked, { environment: { HOME: home }, also: [repository] });
  });
});

describe('a partial clone that lacks objects of HEAD', () => {
  it('is refused with the remedy, and nothing is fetched into it', async () => {
    const { clone, origin } = partialClone(false);
    const before = photographRepository(clone);
    const host = await openTestHost({ directory: clone, cache: fresh('cache') });
    const job = await host.run(command('echo x > x'));
    expect(job).toMatchObject({
      state: 'FAILED',
      message: expect.stringMatching(/partial clone.*git fetch --refetch/) as unknown,
    });
    expect(photographRepository(clone)).toEqual(before);
    git(clone, 'fetch', '-q', '--refetch', '--no-filter');
    expect(await host.run(command('echo x > x'))).toMatchObject({ state: 'SUCCEEDED' });
    await host.close();
    await expectNothingLeft(host.host.places);
    expect(git(origin, 'fsck')).toBe('');
  });
});

describe('one record', () => {
  it('serves all linked worktrees, each at its own HEAD', async () => {
    const { repository, linked } = withWorktree();
    const before = [photographRepository(repository), photographRepository(linked)];
    const host = await openTestHost({ directory: repository, cache: fresh('cache') });
    expect(await open(linked)).toMatchObject({ ok: false, error: { kind: 'held' } });
    const here = await host.run(command('echo x > x'));
    const there = await host.run(command('test -f only-here.txt && echo x > x'), { workspace: linked });
    expect(here).toMatchObject({ state: 'SUCCEEDED', baseline: git(repository, 'rev-parse', 'HEAD') });
    expect(there).toMatchObject({ state: 'SUCCEEDED', baseline: git(linked, 'rev-parse', 'HEAD') });
    expect(here.baseline).not.toBe(there.baseline);
    must(await host.relay.apply({ jobId: there.jobId, origin: 'cli', dryRun: false }));
    expect(git(linked, 'status', '--porcelain')).toBe('?? x');
    expect(git(repository, 'status', '--porcelain')).toBe('');
    must(await host.relay.undo({ jobId: there.jobId, origin: 'cli' }));
    expect([photographRepository(repository), photographRepository(linked)]).toEqual(before);
    // A worktree that is gone takes nothing away from the others.
    git(repository, 'worktree', 'remove', linked);
    write(repository, { 'c.txt': 'three\n' });
    commit(repository);
    expect(await host.run(command('echo y > y'))).toMatchObject({ state: 'SUCCEEDED' });
    await host.close();
    await expectNothingLeft(host.host.places);
  });

  it('serves the worktree that stays when the one it was opened in is gone', async () => {
    const { repository, linked } = withWorktree();
    const host = await openTestHost({ directory: linked, cache: fresh('cache') });
    expect(await host.run(command('echo x > x'))).toMatchObject({ state: 'SUCCEEDED' });
    git(repository, 'worktree', 'remove', linked);
    write(repository, { 'c.txt': 'three\n' });
    commit(repository);
    expect(await host.run(command('echo y > y'), { workspace: repository })).toMatchObject({ state: 'SUCCEEDED' });
    expect(await host.submit(command('true'))).toMatchObject({ ok: false, error: { kind: 'invalid' } });
    await host.close();
    await expectNothingLeft(host.host.places);
  });
});

it('makes its cache again when it was deleted while no job ran', async () => {
  const repository = makeRepository(fresh(), files);
  const host = await openTestHost({ directory: repository, cache: fresh('cache') });
  const first = await host.run(command('echo x > x'));
  await host.run(command('true'));
  removeDirectory(host.host.places.work);
  const second = await host.run(command('echo y > y', { checks: [{ name: 'there', run: 'test -f y' }] }));
  expect(second).toMatchObject({ state: 'SUCCEEDED' });
  must(await host.relay.apply({ jobId: first.jobId, origin: 'cli', dryRun: false }));
  await host.close();
  await expectNothingLeft(host.host.places);
});

it('keeps a baseline that the user throws away', async () => {
  const repository = makeRepository(fresh(), files);
  const host = await openTestHost({ directory: repository, cache: fresh('cache') });
  const first = await host.run(command('echo x > x'));
  git(repository, 'checkout', '-q', '--orphan', 'other');
  commit(repository, 'another');
  git(repository, 'branch', '-q', '-D', 'main');
  git(repository, 'reflog', 'expire', '--expire=now', '--all');
  git(repository, 'gc', '-q', '--prune=now');
  const again = must(await host.relay.retry({ jobId: first.jobId, origin: 'cli' }));
  expect(await host.ended(again.jobId)).toMatchObject({
    state: 'SUCCEEDED',
    baseline: first.baseline,
    parent: first.jobId,
  });
  await host.close();
  await expectNothingLeft(host.host.places);
});

function partialClone(whole: boolean): { readonly clone: string; readonly origin: string } {
  const origin = makeRepository(fresh(), { ...files, 'gone.txt': 'gone\n' });
  write(origin, { 'gone.txt': 'changed\n' });
  commit(origin);
  git(origin, 'config', 'uploadpack.allowFilter', 'true');
  const folder = fresh();
  const lazy = whole ? [] : ['--no-checkout'];
  git(folder, 'clone', '-q', '--filter=blob:none', ...lazy, pathToFileURL(origin).href, 'x');
  return { clone: join(folder, 'x'), origin };
}

function withSubmodule(): { readonly superproject: string } {
  const origin = makeRepository(fresh(), files);
  const superproject = makeRepository(fresh(), files);
  git(superproject, 'submodule', '--quiet', 'add', origin, 'sub');
  commit(superproject);
  return { superproject };
}

function withWorktree(): { readonly repository: string; readonly linked: string } {
  const repository = makeRepository(fresh(), files);
  const linked = join(fresh(), 'linked tree');
  git(repository, 'worktree', 'add', '-q', '--detach', linked);
  write(linked, { 'only-here.txt': 'x\n' });
  commit(linked);
  return { repository, linked };
}

function chownAll(root: string): void {
  for (const path of ['', ...Object.keys(photograph(root))]) {
    if (!photographIsLink(root, path)) chownSync(join(root, path), 65534, 65534);
  }
}

function photographIsLink(root: string, path: string): boolean {
  return photograph(root)[path]?.startsWith('link') ?? false;
}
