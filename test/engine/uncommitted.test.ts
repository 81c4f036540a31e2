import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Certificate } from '../../src/domain/certificate.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { plantedSecrets } from '../checks/secretCorpus.ts';
import { startChildHost } from '../fixtures/childHost.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  git,
  gitWith,
  makeRepository,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, printed, type TestHost } from '../fixtures/testHost.ts';

let place: string;
let repository: string;
let cache: string;
let host: TestHost;

beforeEach(async () => {
  place = temporaryDirectory();
  cache = join(place, 'cache');
  repository = makeRepository(join(place, 'repo'), {
    'a.txt': 'a\n',
    'b.txt': 'b\n',
    'gone.txt': 'gone\n',
    '.gitignore': 'ignored.txt\n',
  });
  dirty();
  host = await openTestHost({ directory: repository, cache, concurrency: 1 });
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(place);
});

/** Staged, unstaged, untracked, ignored, and taken away. */
function dirty(): void {
  write(repository, { 'a.txt': 'a staged\n', 'new.txt': 'new\n', 'ignored.txt': 'ignored\n' });
  git(repository, 'add', 'a.txt');
  write(repository, { 'b.txt': 'b unstaged\n' });
  rmSync(join(repository, 'gone.txt'));
}

/** As a merge leaves a file that both sides changed. */
function unmerge(path: string): void {
  const id = git(repository, 'rev-parse', `HEAD:${path}`);
  const lines = [1, 2, 3].map((stage) => `100644 ${id} ${String(stage)}\t${path}\n`);
  gitWith(repository, ['rm', '-q', '--cached', path], {});
  gitWith(repository, ['update-index', '--index-info'], { input: Buffer.from(lines.join('')) });
}

const FILES = 'for file in $(ls | sort); do echo "$file: $(cat "$file")"; done';
const DIRTY = ['a.txt: a staged', 'b.txt: b unstaged', 'new.txt: new'];

function uncommitted(run: string, more: Partial<JobSpec> = {}): JobSpec {
  return command(run, { repo: { type: 'workspace', include: 'uncommitted' }, ...more });
}

async function logOf(job: JobView): Promise<Buffer> {
  return host.artifact(job.jobId, 'logs.txt');
}

/** The host again, with a git that commits all of the user's work while a snapshot is taken, `times` times. */
async function withCommits(times: number): Promise<void> {
  await host.close();
  const bin = join(place, 'bin');
  mkdirSync(bin);
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const there = `"${real}" -C "${repository}" -c user.name=u -c user.email=u@example.com`;
  const commits = `${there} add --all && ${there} commit -q --allow-empty -m mine`;
  // One file is one commit that is still to come.
  const script = `#!/bin/sh
case "$*" in *"--git-path index"*) for one in "${bin}"/commit*; do [ -e "$one" ] && rm "$one" && ${commits}; break; done;; esac
exec "${real}" "$@"
`;
  writeFileSync(join(bin, 'git'), script, { mode: 0o755 });
  for (let at = 0; at < times; at++) writeFileSync(join(bin, `commit${String(at)}`), '');
  const environment = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  host = await openTestHost({ directory: repository, cache, concurrency: 1, environment });
}

async function again(): Promise<void> {
  await host.close();
  host = await openTestHost({ directory: repository, cache, concurrency: 1 });
}

describe('a job on uncommitted work', () => {
  it('sees it, and its patch has only what its executor changed; nothing of the user is touched', async () => {
    const before = photographRepository(repository);
    const job = await host.run(uncommitted(`${FILES}; echo more >> new.txt; git log --format=%s%n%an -1`));
    expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 1, files: [{ path: 'new.txt', kind: 'modified' }] });
    expect(job).toMatchObject({ graft: { on: git(repository, 'rev-parse', 'HEAD') } });
    expect(job.graft).not.toHaveProperty('pack');
    expect(printed(await logOf(job)).split('\n')).toEqual([...DIRTY, 'Uncommitted work', 'task-relay']);
    expect((await host.artifact(job.jobId, 'patch.diff')).toString()).toMatch(/@@ -1 \+1,2 @@\n new\n\+more\n$/);
    expect(photographRepository(repository)).toEqual(before);
  });

  it('is a job at HEAD where nothing is uncommitted', async () => {
    git(repository, 'reset', '-q', '--hard');
    rmSync(join(repository, 'new.txt'));
    const job = await host.run(uncommitted('echo more >> a.txt'));
    expect(job.baseline).toBe(git(repository, 'rev-parse', 'HEAD'));
    expect(job).not.toHaveProperty('graft');
  });

  it('starts from what was there when it was submitted: two submits, two baselines', async () => {
    const gate = `until [ -e ${place}/go ]; do :; done; `;
    const first = must(await host.submit(uncommitted(`${gate}cat b.txt; echo 1 >> a.txt`)));
    const same = must(await host.submit(uncommitted('echo same >> a.txt')));
    write(repository, { 'b.txt': 'b later\n' });
    const second = must(await host.submit(uncommitted('cat b.txt; echo 2 >> a.txt')));
    write(place, { go: '' });
    const [one, two, three] = [
      await host.ended(first.jobId),
      await host.ended(same.jobId),
      await host.ended(second.jobId),
    ];
    expect(one.baseline).toBe(two.baseline);
    expect(one.baseline).not.toBe(three.baseline);
    expect(printed(await logOf(one))).toBe('b unstaged');
    expect(printed(await logOf(three))).toBe('b later');
  });

  it('never starts from a state that was none: a commit lands while the work is read', async () => {
    await withCommits(1);
    const job = await host.run(uncommitted(`${FILES}; echo more >> a.txt`));
    expect(existsSync(join(place, 'bin', 'commit0'))).toBe(false);
    expect(printed(await logOf(job)).split('\n')).toEqual(DIRTY);
    expect(job).toMatchObject({ state: 'SUCCEEDED', baseline: git(repository, 'rev-parse', 'HEAD') });
  });

  it('is refused where commits land all the time', async () => {
    await withCommits(3);
    const refused = await host.submit(uncommitted('true'));
    const message = expect.stringMatching(/^HEAD of ".*" moved again and again/) as unknown;
    expect(refused).toMatchObject({ ok: false, error: { kind: 'invalid', message } });
  });

  it('is the same job by its key, whatever the tree has become', async () => {
    const spec = uncommitted('echo 1 >> a.txt', { idempotencyKey: 'k' });
    const first = must(await host.submit(spec));
    unmerge('a.txt');
    expect(await host.submit(uncommitted('true'))).toMatchObject({
      ok: false,
      error: { kind: 'invalid', message: expect.stringMatching(/^A merge is not over: "a\.txt"\. Resolve/) as unknown },
    });
    expect(must(await host.submit(spec))).toMatchObject({ jobId: first.jobId, deduplicated: true });
    await host.ended(first.jobId);
  });

  it('has the same baseline again: retried, after the cache was deleted, and verified', async () => {
    const job = await host.run(
      uncommitted(`${FILES}; echo more >> b.txt`, { checks: [{ name: 'g', run: 'test -e new.txt' }] }),
    );
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    git(repository, 'add', '--all');
    git(repository, 'commit', '-q', '-m', 'another');
    write(repository, { 'b.txt': 'entirely else\n' });
    await host.close();
    rmSync(cache, { recursive: true });
    host = await openTestHost({ directory: repository, cache, concurrency: 1 });
    const content = must(await host.relay.content({ jobId: job.jobId, path: 'b.txt', side: 'after' }));
    expect(Buffer.from(content.base64 ?? '', 'base64').toString()).toBe('b unstaged\nmore\n');
    expect(must(await host.relay.verify({ jobId: job.jobId }))).toMatchObject({ holds: true });
    rmSync(host.host.places.work, { recursive: true });
    await again();
    const retried = await host.ended(must(await host.relay.retry({ jobId: job.jobId, origin: 'cli' })).jobId);
    expect(retried).toMatchObject({ state: 'SUCCEEDED', baseline: job.baseline });
    expect(
      printed(await logOf(retried))
        .split('\n')
        .slice(0, 3),
    ).toEqual(DIRTY);
  });

  it('goes on with a host that died, though the cache is gone', async () => {
    await host.close();
    const child = await startChildHost({ directory: repository, cache });
    const jobId = await child.submit(uncommitted(`${FILES}; [ -e ${place}/go ] || sleep 600; echo more >> b.txt`));
    await child.logged(jobId, 'new.txt: new');
    await child.kill();
    rmSync(cache, { recursive: true });
    git(repository, 'stash', '-q', '-u');
    write(place, { go: '' });
    host = await openTestHost({ directory: repository, cache, concurrency: 1 });
    const job = await host.ended(jobId);
    expect(job).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    expect(printed(await logOf(job)).split('\n')).toEqual(DIRTY);
  });

  it('is certified with what it was made on', async () => {
    const job = await host.run(uncommitted('echo more >> a.txt'));
    const on = git(repository, 'rev-parse', 'HEAD');
    const certificate = Certificate.parse(JSON.parse((await host.artifact(job.jobId, 'certificate.json')).toString()));
    expect(certificate.predicate.baseline).toMatchObject({ commit: job.baseline, graft: { on } });
    expect((await host.artifact(job.jobId, 'out.md')).toString()).toContain(`made on \`${on}\``);
    expect(JSON.parse((await host.artifact(job.jobId, 'pr.json')).toString())).toMatchObject({ base: 'main' });
    expect(must(await host.relay.verify({ jobId: job.jobId }))).toMatchObject({ holds: true });
  });

  it('is refused where it would be read in part, and where it cannot be read', async () => {
    const user = 54_321;
    const others = join(place, 'others');
    const theirs = makeRepository(join(others, 'repo'), { 'a.txt': 'a\n' });
    write(theirs, { 'closed.txt': '', 'shut/x.txt': '', 'open.txt': 'open\n' });
    execFileSync('chown', ['-R', `${String(user)}:${String(user)}`, others]);
    chmodSync(place, 0o755);
    chmodSync(join(theirs, 'closed.txt'), 0);
    chmodSync(join(theirs, 'shut'), 0);
    const child = await startChildHost({ directory: theirs, cache: join(others, 'cache'), user });
    try {
      await expect(child.submit(uncommitted('true', { allowEmpty: true }))).rejects.toThrow(
        /cannot be read whole: "closed\.txt" \(it may not be read\), "shut\/" \(a folder that may not be read\)\. Ignore/,
      );
      write(theirs, { '.git/info/exclude': 'closed.txt\n/shut\n' });
      expect(await child.run(uncommitted('test -e open.txt', { allowEmpty: true }))).toMatchObject({
        state: 'SUCCEEDED',
      });
    } finally {
      await child.close();
    }
  });

  it('tells in its log what was left out', async () => {
    makeRepository(join(repository, 'inner'), { 'x.txt': 'x\n' });
    const job = await host.run(uncommitted('test ! -e inner && echo more >> a.txt'));
    expect(job).toMatchObject({ state: 'SUCCEEDED', graft: { leftOut: ['"inner" (a repository of its own)'] } });
    expect((await logOf(job)).toString()).toContain('; without "inner" (a repository of its own)');
  });

  it('keeps to the policy file in the tree, and to that at HEAD', async () => {
    write(repository, { '.task-relay.json': '{"protected": ["b.txt"]}' });
    expect(await host.run(uncommitted('echo more >> b.txt'))).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(await host.run(command('echo more >> b.txt'))).toMatchObject({ state: 'SUCCEEDED' });
    git(repository, 'add', '.task-relay.json');
    git(repository, 'commit', '-q', '-m', 'policy');
    rmSync(join(repository, '.task-relay.json'));
    expect(await host.run(uncommitted('echo more >> b.txt'))).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
  });
});

describe('a secret in uncommitted work', () => {
  const [{ secret, text } = { secret: '', text: '' }] = plantedSecrets(7);
  beforeEach(() => write(repository, { 'key.txt': `first\n${text}\nlast\n` }));

  it('fails a job that would make it public: by a moved file, or by what it prints', async () => {
    for (const run of ['mv key.txt moved.txt', 'cat key.txt; echo more >> a.txt']) {
      const job = await host.run(uncommitted(run));
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', secrets: [{}] });
      expect((await logOf(job)).toString()).not.toContain(secret);
      expect(must(await host.relay.verify({ jobId: job.jobId }))).toMatchObject({ holds: true });
    }
  });

  it('fails none that leaves it where it is, nor one whose HEAD has it', async () => {
    expect(await host.run(uncommitted('echo more >> key.txt'))).toMatchObject({ state: 'SUCCEEDED' });
    git(repository, 'add', 'key.txt');
    git(repository, 'commit', '-q', '-m', 'key');
    expect(await host.run(uncommitted('mv key.txt moved.txt'))).toMatchObject({ state: 'SUCCEEDED' });
  });
});
