import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import { PullRequest } from '../../src/engine/pullRequest.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { configured } from '../fixtures/gitUser.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  commit,
  git,
  gitWith,
  makeRepository,
  photograph,
  removeDirectory,
  temporaryDirectory,
  write,
  type Photograph,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;
let head: string;

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': lines(30), 'b.txt': 'b\n', 'old.txt': lines(9) });
  head = git(repository, 'rev-parse', 'HEAD');
  const cache = configured(join(directory, 'cache'));
  host = await openTestHost({ directory: repository, cache });
});

afterEach(() => {
  git(repository, 'switch', '-q', '-C', 'main', head);
  git(repository, 'reset', '-q', '--hard', head);
  git(repository, 'clean', '-q', '-ffdx');
  for (const name of branches()) git(repository, 'branch', '-q', '-D', name);
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `line ${String(index + 1)}\n`).join('');
}

function branches(): string[] {
  return git(repository, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/relay').split('\n').filter(Boolean);
}

async function made(run: string): Promise<JobView> {
  const job = await host.run(command(run, { task: { title: 'Rename the Ünits!', description: 'All of them.' } }));
  expect(job).toMatchObject({ state: 'SUCCEEDED' });
  return job;
}

async function pullRequestOf(jobId: JobId): Promise<PullRequest> {
  return PullRequest.parse(JSON.parse((await host.artifact(jobId, 'pr.json')).toString()));
}

const apply = (jobId: JobId, from: 'baseline' | 'head' = 'baseline', dryRun = false) =>
  host.relay.apply({ jobId, origin: 'cli', dryRun, branch: { from } });
const undo = (jobId: JobId) => host.relay.undo({ jobId, origin: 'cli' });

/** All of the user's but what a new branch is: its ref, its log, its objects. */
function photographRest(): Photograph {
  return photograph(repository, (path) => /^\.git\/(?:task-relay|objects\/|(?:logs\/)?refs\/heads\/relay$)/.test(path));
}

describe('on the baseline', () => {
  it('is a commit of the tree that was proven, by the user, with its trailer, and nothing else is touched', async () => {
    const { jobId } = await made('sed -i "s/line 7/seven/" a.txt; mv old.txt new.txt; echo x > "ü x"; chmod +x b.txt');
    // The user goes on meanwhile: a commit, something staged, something not, something new.
    write(repository, { 'b.txt': 'mine\n' });
    const moved = commit(repository, 'Mine');
    write(repository, { 'a.txt': 'staged\n' });
    git(repository, 'add', 'a.txt');
    write(repository, { 'a.txt': 'unstaged\n', 'untracked.txt': 'u\n' });
    const before = photographRest();
    const done = must(await apply(jobId));
    expect(photographRest()).toEqual(before);
    const told = await pullRequestOf(jobId);
    expect(done).toMatchObject({ written: true, branch: { name: told.branch } });
    const id = done.branch?.commit ?? '';
    expect(git(repository, 'rev-parse', told.branch, `${id}^`, 'HEAD')).toBe([id, head, moved].join('\n'));
    expect(git(repository, 'log', '-1', '--format=%an <%ae> %cn <%ce>', id)).toBe(
      'A User <user@example.org> A User <user@example.org>',
    );
    expect(git(repository, 'log', '-1', '--format=%(trailers:key=Relay-Job,valueonly)', id).trim()).toBe(jobId);
    expect(git(repository, 'log', '-1', '--format=%(trailers)', id).trim()).toBe(`Relay-Job: ${jobId}`);
    expect(git(repository, 'log', '-1', '--format=%B', id).trim()).toBe(told.commitMessage?.trim());
    expect(git(repository, 'log', '-1', '--format=%s', id)).toBe('Rename the Ünits!');
    // What the patch makes of a plain clone at the baseline.
    const clone = join(directory, 'clone');
    git(directory, 'clone', '-q', '--no-local', repository, clone);
    git(clone, 'checkout', '-q', head);
    gitWith(clone, ['apply', '--index', '-'], { input: await host.artifact(jobId, 'patch.diff') });
    expect(git(repository, 'rev-parse', `${id}^{tree}`)).toBe(git(clone, 'write-tree'));
    removeDirectory(clone);
    expect(git(repository, 'fsck', '--full', '--strict')).toBe('');
    expect(existsSync(join(repository, '.git', 'FETCH_HEAD'))).toBe(false);
    expect(await host.view(jobId)).toMatchObject({ delivery: 'applied', branch: told.branch });

    must(await undo(jobId));
    expect(branches()).toEqual([]);
    expect(photographRest()).toEqual(before);
    const view = await host.view(jobId);
    expect(view.delivery).toBe('undone');
    expect(view.branch).toBeUndefined();
    // And once more.
    must(await apply(jobId));
    expect(branches()).toEqual([told.branch]);
    must(await undo(jobId));
  });

  it('runs no hook and asks no signature of anybody', async () => {
    const { jobId } = await made('echo x > x.txt');
    const witness = join(directory, 'witness');
    const hooks = join(directory, 'hooks');
    const script = `#!/bin/sh\necho ran >> ${witness}\nexit 1\n`;
    for (const name of ['reference-transaction', 'pre-commit', 'commit-msg', 'post-commit', 'post-checkout'])
      write(hooks, { [name]: script });
    for (const name of readdirSync(hooks)) chmodSync(join(hooks, name), 0o755);
    git(repository, 'config', 'core.hooksPath', hooks);
    git(repository, 'config', 'commit.gpgSign', 'true');
    git(repository, 'config', 'gpg.program', '/nonexistent');
    try {
      const done = must(await apply(jobId));
      must(await undo(jobId));
      expect(done.written).toBe(true);
      expect(existsSync(witness)).toBe(false);
    } finally {
      for (const key of ['core.hooksPath', 'commit.gpgSign', 'gpg.program']) git(repository, 'config', '--unset', key);
    }
  });

  it('tells the files ahead, and makes nothing', async () => {
    const { jobId } = await made('echo x > x.txt; rm b.txt');
    const before = photograph(repository, (path) => path === '.git/task-relay');
    const told = must(await apply(jobId, 'baseline', true));
    expect(told).toEqual({
      written: false,
      files: [
        { path: 'b.txt', verdict: 'clean' },
        { path: 'x.txt', verdict: 'clean' },
      ],
    });
    expect(photograph(repository, (path) => path === '.git/task-relay')).toEqual(before);
    expect(await host.view(jobId)).toMatchObject({ delivery: 'none' });
  });

  it('has the chosen part alone, and says that it is one', async () => {
    const { jobId } = await made('sed -i "s/line 7/seven/; s/line 25/twenty-five/" a.txt; echo x > x.txt');
    const chosen = [{ path: 'a.txt', hunks: [2] }];
    const done = must(
      await host.relay.apply({ jobId, origin: 'cli', dryRun: false, branch: { from: 'baseline' }, chosen }),
    );
    const id = done.branch?.commit ?? '';
    expect(git(repository, 'diff', '--name-only', head, id)).toBe('a.txt');
    expect(git(repository, 'show', `${id}:a.txt`)).toBe(lines(30).replace('line 25', 'twenty-five').trimEnd());
    expect(await host.view(jobId)).toMatchObject({ delivery: 'applied', partial: true });
    must(await undo(jobId));
    expect((await host.view(jobId)).partial).toBeUndefined();
  });

  it('goes one way at a time', async () => {
    const { jobId } = await made('echo x > x.txt');
    must(await apply(jobId));
    const again = { ok: false, error: { kind: 'illegal' } };
    expect(await apply(jobId)).toMatchObject(again);
    expect(await host.relay.apply({ jobId, origin: 'cli', dryRun: false })).toMatchObject(again);
    must(await undo(jobId));
    must(await host.relay.apply({ jobId, origin: 'cli', dryRun: false }));
    expect(await apply(jobId)).toMatchObject(again);
    must(await undo(jobId));
    expect(await undo(jobId)).toMatchObject(again);
  });

  it('is made once by two who ask at once', async () => {
    const { jobId } = await made('echo x > x.txt');
    const both = await Promise.all([apply(jobId), apply(jobId)]);
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    must(await undo(jobId));
  });
});

describe('on what HEAD is now', () => {
  it('merges, and follows a rename', async () => {
    const { jobId } = await made('sed -i "s/line 3/three/" old.txt; sed -i "s/line 7/seven/" a.txt; echo x > x.txt');
    git(repository, 'mv', 'old.txt', 'renamed.txt');
    write(repository, { 'a.txt': lines(30).replace('line 25', 'twenty-five') });
    const moved = commit(repository, 'Mine');
    const done = must(await apply(jobId, 'head'));
    const id = done.branch?.commit ?? '';
    expect(git(repository, 'rev-parse', `${id}^`)).toBe(moved);
    const merged = { verdict: 'merged', detail: 'it was proven on the baseline, not on HEAD' };
    expect(done.files).toEqual([
      { path: 'a.txt', ...merged },
      { path: 'renamed.txt', ...merged },
      { path: 'x.txt', verdict: 'clean' },
    ]);
    expect(git(repository, 'show', `${id}:renamed.txt`)).toBe(lines(9).replace('line 3', 'three').trimEnd());
    expect(git(repository, 'show', `${id}:a.txt`)).toBe(
      lines(30).replace('line 25', 'twenty-five').replace('line 7', 'seven').trimEnd(),
    );
    must(await undo(jobId));
  });

  it('tells conflicts by path, and makes nothing', async () => {
    const { jobId } = await made('sed -i "s/line 7/seven/" a.txt; echo x > x.txt');
    write(repository, { 'a.txt': lines(30).replace('line 7', 'VII') });
    commit(repository, 'Mine');
    const told = must(await apply(jobId, 'head', true));
    expect(told.files).toEqual([
      { path: 'a.txt', verdict: 'conflict', detail: 'HEAD has another change there' },
      { path: 'x.txt', verdict: 'clean' },
    ]);
    const refused = await apply(jobId, 'head');
    expect(refused).toMatchObject({ ok: false, error: { kind: 'conflict' } });
    expect(!refused.ok && refused.error.message).toContain('"a.txt"');
    expect(branches()).toEqual([]);
    expect(await host.view(jobId)).toMatchObject({ delivery: 'none' });
    // On its baseline, it is as good as it was.
    must(await apply(jobId));
    must(await undo(jobId));
  });

  it('says where HEAD has all of it', async () => {
    const { jobId } = await made('sed -i "s/line 7/seven/" a.txt');
    write(repository, { 'a.txt': lines(30).replace('line 7', 'seven') });
    commit(repository, 'Mine');
    const refused = await apply(jobId, 'head');
    expect(!refused.ok && refused.error.message).toContain('there is nothing to commit');
    expect(branches()).toEqual([]);
  });
});

describe('from another repository', () => {
  it('merges onto HEAD where the baseline is no commit of this one', async () => {
    const other = makeRepository(join(directory, 'other'), { 'a.txt': lines(30), 'more.txt': 'm\n' });
    const baselineCommit = git(other, 'rev-parse', 'HEAD') as JobView['baseline'];
    const repo = { type: 'git', url: `file://${other}`, baseBranch: 'main', baselineCommit } as const;
    const job = await host.run(command('sed -i "s/line 7/seven/" a.txt', { repo }));
    const done = must(await apply(job.jobId));
    expect(git(repository, 'rev-parse', `${done.branch?.commit ?? ''}^`)).toBe(head);
    expect(git(repository, 'diff', '--stat', '--format=', head, done.branch?.commit ?? '')).toContain('1 file changed');
    expect((await pullRequestOf(job.jobId)).base).toBe('main');
    must(await undo(job.jobId));
  });
});

describe("what is the user's", () => {
  it('blocks where there is a branch of the name, or one in the way of all of them', async () => {
    const { jobId } = await made('echo x > x.txt');
    const { branch } = await pullRequestOf(jobId);
    git(repository, 'branch', branch);
    const refused = await apply(jobId);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'blocked' } });
    expect(!refused.ok && refused.error.message).toContain(`git branch -D ${branch}`);
    expect(git(repository, 'rev-parse', branch)).toBe(head);
    git(repository, 'branch', '-D', branch);
    git(repository, 'branch', 'relay');
    expect(await apply(jobId)).toMatchObject({ ok: false, error: { kind: 'blocked' } });
    git(repository, 'branch', '-D', 'relay');
    git(repository, 'branch', `${branch}/child`);
    const objects = git(repository, 'count-objects');
    const below = await apply(jobId);
    expect(below).toMatchObject({ ok: false, error: { kind: 'blocked' } });
    expect(!below.ok && below.error.message).toContain(`git branch -D ${branch}/child`);
    expect(git(repository, 'count-objects')).toBe(objects);
    expect(must(await host.relay.events({ jobId })).entries.map(({ event }) => event.type)).not.toContain('undone');
    git(repository, 'branch', '-D', `${branch}/child`);
    expect(await host.view(jobId)).toMatchObject({ delivery: 'none' });
  });

  it('is not undone where the branch has moved', async () => {
    const { jobId } = await made('echo x > x.txt');
    const done = must(await apply(jobId));
    const { name = '', commit: id = '' } = done.branch ?? {};
    git(repository, 'update-ref', `refs/heads/${name}`, head);
    const refused = await undo(jobId);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'blocked' } });
    expect(!refused.ok && refused.error.message).toContain('has moved since');
    expect(branches()).toEqual([name]);
    git(repository, 'update-ref', `refs/heads/${name}`, id);
    must(await undo(jobId));
    expect(branches()).toEqual([]);
  });

  it('is not undone where the branch is checked out, here or in another working tree', async () => {
    const { jobId } = await made('echo x > x.txt');
    const name = must(await apply(jobId)).branch?.name ?? '';
    git(repository, 'switch', '-q', name);
    const here = await undo(jobId);
    expect(!here.ok && here.error.message).toContain(`is checked out in "${repository}"`);
    git(repository, 'switch', '-q', 'main');
    const linked = join(directory, 'linked tree');
    git(repository, 'worktree', 'add', '-q', linked, name);
    const there = await undo(jobId);
    expect(!there.ok && there.error.message).toContain(`is checked out in "${linked}"`);
    git(repository, 'worktree', 'remove', linked);
    must(await undo(jobId));
    expect(branches()).toEqual([]);
  });

  it('is undone where they have deleted the branch themselves', async () => {
    const { jobId } = await made('echo x > x.txt');
    const name = must(await apply(jobId)).branch?.name ?? '';
    git(repository, 'branch', '-q', '-D', name);
    expect(must(await undo(jobId))).toMatchObject({ written: false, branch: { name } });
    expect(await host.view(jobId)).toMatchObject({ delivery: 'undone' });
  });

  it('is not undone in the middle of a rebase or a bisect, here or in another working tree', async () => {
    const { jobId } = await made('sed -i "s/line 7/seven/" a.txt');
    const name = must(await apply(jobId)).branch?.name ?? '';
    write(repository, { 'a.txt': lines(30).replace('line 7', 'VII') });
    commit(repository, 'Mine');
    const linked = join(directory, 'rebased tree');
    git(repository, 'worktree', 'add', '-q', linked, name);
    for (const [place, way] of [
      [linked, ['--merge']],
      [linked, ['--apply']],
      [repository, ['--merge']],
    ] as const) {
      if (place === repository) git(repository, 'worktree', 'remove', '--force', linked);
      git(place, 'switch', '-q', name);
      expect(() => git(place, 'rebase', ...way, 'main')).toThrow();
      const refused = await undo(jobId);
      expect(refused).toMatchObject({ ok: false, error: { kind: 'blocked' } });
      expect(!refused.ok && refused.error.message).toContain(
        `A rebase of the branch "${name}" is under way in "${place}"`,
      );
      git(place, 'rebase', '--abort');
    }
    git(repository, 'bisect', 'start');
    git(repository, 'switch', '-q', '--detach');
    const refused = await undo(jobId);
    expect(!refused.ok && refused.error.message).toContain('git bisect reset');
    expect(branches()).toEqual([name]);
    git(repository, 'bisect', 'reset');
    git(repository, 'switch', '-q', 'main');
    must(await undo(jobId));
    expect(branches()).toEqual([]);
  });

  it('is not undone where the branch is another name of theirs', async () => {
    const { jobId } = await made('echo x > x.txt');
    const name = must(await apply(jobId)).branch?.name ?? '';
    git(repository, 'merge', '-q', '--ff-only', name);
    git(repository, 'switch', '-q', '--detach');
    git(repository, 'symbolic-ref', `refs/heads/${name}`, 'refs/heads/main');
    const refused = await undo(jobId);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'blocked' } });
    expect(!refused.ok && refused.error.message).toContain('a symbolic ref to "refs/heads/main"');
    expect(git(repository, 'for-each-ref', '--format=%(refname)', 'refs/heads/main')).toBe('refs/heads/main');
    git(repository, 'symbolic-ref', '-d', `refs/heads/${name}`);
    must(await undo(jobId));
  });

  it('blocks where the name is a symbolic ref that leads nowhere', async () => {
    const { jobId } = await made('echo x > x.txt');
    const { branch } = await pullRequestOf(jobId);
    git(repository, 'symbolic-ref', `refs/heads/${branch}`, 'refs/heads/nowhere');
    const refused = await apply(jobId);
    git(repository, 'symbolic-ref', '-d', `refs/heads/${branch}`);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'blocked' } });
    expect(!refused.ok && refused.error.message).toContain('a symbolic ref to "refs/heads/nowhere"');
    expect(git(repository, 'for-each-ref', '--format=%(refname)', 'refs/heads/nowhere')).toBe('');
    expect(await host.view(jobId)).toMatchObject({ delivery: 'none' });
  });

  it('is undone from packed refs as well', async () => {
    const { jobId } = await made('echo x > x.txt');
    must(await apply(jobId));
    git(repository, 'pack-refs', '--all');
    must(await undo(jobId));
    expect(branches()).toEqual([]);
  });
});

it('says plainly that git does not know who commits', async () => {
  const other = makeRepository(join(directory, 'nobody'), { 'a.txt': 'a\n' });
  const alone = await openTestHost({ directory: other, cache: join(directory, 'nobody cache') });
  const { jobId } = await alone.run(command('echo x > x.txt'));
  const refused = await alone.relay.apply({ jobId, origin: 'cli', dryRun: false, branch: { from: 'baseline' } });
  expect(refused).toMatchObject({ ok: false, error: { kind: 'blocked' } });
  expect(!refused.ok && refused.error.message).toContain('git config --global user.name');
  expect(git(other, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  expect(await alone.view(jobId)).toMatchObject({ delivery: 'none' });
  await alone.close();
});

it('works in a shallow clone, in one with SHA-256, and in a linked working tree', async () => {
  const plain = makeRepository(join(directory, 'deep'), { 'a.txt': 'a\n' });
  for (const text of ['b\n', 'c\n']) {
    writeFileSync(join(plain, 'a.txt'), text);
    commit(plain);
  }
  const shallow = join(directory, 'shallow');
  git(directory, 'clone', '-q', '--depth=1', `file://${plain}`, shallow);
  const long = makeRepository(join(directory, 'long'), { 'a.txt': 'a\n' }, { objectFormat: 'sha256' });
  const linked = join(directory, 'linked');
  git(plain, 'worktree', 'add', '-q', '-b', 'aside', linked);
  for (const [number, place] of [shallow, long, linked].entries()) {
    const one = await openTestHost({
      directory: place,
      cache: configured(join(directory, `cache ${String(number)}`)),
    });
    const { jobId } = await one.run(command('echo more >> a.txt'));
    const done = must(await one.relay.apply({ jobId, origin: 'cli', dryRun: false, branch: { from: 'baseline' } }));
    const id = done.branch?.commit ?? '';
    expect(git(place, 'show', `${id}:a.txt`)).toBe(`${readFileSync(join(place, 'a.txt'), 'utf8')}more`);
    expect(git(place, 'rev-parse', `${id}^`)).toBe(git(place, 'rev-parse', 'HEAD'));
    const told = PullRequest.parse(JSON.parse((await one.artifact(jobId, 'pr.json')).toString()));
    expect(told.base).toBe(place === linked ? 'aside' : 'main');
    must(await one.relay.undo({ jobId, origin: 'cli' }));
    await one.close();
  }
});
