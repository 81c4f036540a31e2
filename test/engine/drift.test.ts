import { join } from 'node:path';
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectId, type JobId } from '../../src/domain/ids.ts';
import type { Drift } from '../../src/protocol/drift.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  commit,
  git,
  makeRepository,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;

/** Thirty lines, some of them another. */
const lines = (changes: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 30 }, (_, at) => `${changes[at + 1] ?? `line ${String(at + 1)}`}\n`).join('');

beforeEach(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': lines(), 'b.txt': 'b\n', 'd/c.txt': 'c\n' });
  await open();
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

async function open(): Promise<void> {
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
}

/** A job that changes the twentieth line of a.txt. */
const change = command("sed -i 's/^line 20$/theirs/' a.txt");

/** Reads again with each change of a job's drift, until it is as it should be. */
async function until(jobId: JobId, read: () => Promise<boolean>): Promise<void> {
  for (;;) {
    let heard: () => void = () => undefined;
    const changed = new Promise<void>((resolve) => (heard = resolve));
    const listening = host.relay.onChange((one) => {
      if (one.kind === 'drift' && one.jobId === jobId) heard();
    });
    try {
      if (await read()) return;
      await changed;
    } finally {
      listening.dispose();
    }
  }
}

/** Resolves when a list, which judges nothing itself, tells this of a job. */
function told(jobId: JobId, met: (drift: Drift | undefined) => boolean): Promise<void> {
  return until(jobId, async () => {
    const { items } = must(await host.relay.list({ limit: 100, offset: 0 }));
    return met(items.find((item) => item.jobId === jobId)?.drift);
  });
}

/** Resolves when who asks for a job is told this: at once, but on a busy machine. */
function stands({ jobId }: JobView, expected: Partial<Drift> | undefined): Promise<void> {
  return until(jobId, async () => {
    const { drift } = await host.view(jobId);
    if (expected === undefined || drift === undefined) return drift === expected;
    const found = Object.entries(expected).map(([name, value]) => [value, Reflect.get(drift, name)] as const);
    return found.every(([value, now]) => JSON.stringify(value) === JSON.stringify(now));
  });
}

const head = (): ObjectId => ObjectId.parse(git(repository, 'rev-parse', 'HEAD'));

describe('how a patch stands', () => {
  it('is clean at its baseline, and after what does not touch it', async () => {
    const job = await host.run(change);
    await stands(job, { state: 'clean', head: head(), paths: [], dirty: [] });
    write(repository, { 'b.txt': 'other\n' });
    commit(repository);
    await stands(job, { state: 'clean', head: head(), paths: [], dirty: [] });
  });

  it('merges with what changed elsewhere in its file, and conflicts with what changed there', async () => {
    const job = await host.run(change);
    write(repository, { 'a.txt': lines({ 3: 'ours' }) });
    commit(repository);
    await stands(job, { state: 'merged', head: head(), paths: ['a.txt'], dirty: [] });
    write(repository, { 'a.txt': lines({ 20: 'ours' }) });
    commit(repository);
    await stands(job, { state: 'conflict', head: head(), paths: ['a.txt'], dirty: [] });
  });

  it('is contained where HEAD has it, wholly or with more', async () => {
    const job = await host.run(change);
    write(repository, { 'a.txt': lines({ 20: 'theirs' }) });
    commit(repository);
    await stands(job, { state: 'contained', paths: [] });
    write(repository, { 'a.txt': lines({ 3: 'ours', 20: 'theirs' }) });
    commit(repository);
    await stands(job, { state: 'contained', paths: [] });
  });

  it('follows a file that HEAD has moved', async () => {
    const job = await host.run(change);
    git(repository, 'mv', 'a.txt', 'moved.txt');
    commit(repository);
    await stands(job, { state: 'merged', paths: ['a.txt'] });
  });

  it('sees files in the way of folders, and modes', async () => {
    const [folder, mode] = [
      await host.run(command('mkdir b && echo x > b/x', { setup: 'rm b.txt; mv d/c.txt c2.txt' })),
      await host.run(command('chmod +x d/c.txt')),
    ];
    expect(folder.state).toBe('SUCCEEDED');
    write(repository, { b: 'a file\n' });
    chmodSync(join(repository, 'd/c.txt'), 0o755);
    commit(repository);
    await stands(folder, { state: 'conflict' });
    await stands(mode, { state: 'contained' });
  });

  it('counts what is uncommitted in its files, and touches nothing of it', async () => {
    const job = await host.run(change);
    write(repository, { 'a.txt': lines({ 3: 'ours' }), 'b.txt': 'dirty\n', 'untracked.txt': 'x\n' });
    const before = photographRepository(repository);
    await stands(job, { state: 'merged', head: head(), paths: ['a.txt'], dirty: ['a.txt'] });
    write(repository, { 'a.txt': lines({ 20: 'ours' }) });
    await stands(job, { state: 'conflict', dirty: ['a.txt'] });
    rmSync(join(repository, 'a.txt'));
    await stands(job, { state: 'conflict', dirty: ['a.txt'] });
    write(repository, { 'a.txt': lines({ 3: 'ours' }) });
    expect(photographRepository(repository)).toEqual(before);
    git(repository, 'checkout', '-q', 'a.txt');
    await stands(job, { state: 'clean', dirty: [] });
  });
});

it('stands as it does alone, whatever files of other patches are uncommitted', async () => {
  const [job, other] = [await host.run(change), await host.run(command('echo x > moved.txt'))];
  git(repository, 'mv', 'a.txt', 'moved.txt');
  await stands(job, { state: 'conflict', dirty: ['a.txt'] });
  await told(job.jobId, (drift) => drift?.state === 'conflict');
  await stands(other, { state: 'conflict', dirty: ['moved.txt'] });
});

it('is hidden alone where an uncommitted file of it cannot be read', async () => {
  const [job, hidden] = [await host.run(change), await host.run(command('echo x >> b.txt'))];
  await told(hidden.jobId, (drift) => drift?.state === 'clean');
  git(repository, 'config', 'filter.bad.clean', 'false');
  git(repository, 'config', 'filter.bad.required', 'true');
  write(repository, {
    '.git/info/attributes': 'b.txt filter=bad\n',
    'b.txt': 'dirty\n',
    'a.txt': lines({ 3: 'ours' }),
  });
  must(await host.relay.look({}));
  await told(job.jobId, (drift) => drift?.state === 'merged');
  await told(hidden.jobId, (drift) => drift === undefined);
  const plan = must(await host.relay.plan({}));
  expect(plan.order).toEqual([job.jobId]);
  expect(plan.left).toMatchObject([{ jobId: hidden.jobId, because: expect.stringContaining('filter') as unknown }]);
});

describe('it is judged again', () => {
  it('when a commit lands, a branch is checked out, files are staged, and nobody asks', async () => {
    const job = await host.run(change);
    await told(job.jobId, (drift) => drift?.state === 'clean');
    write(repository, { 'a.txt': lines({ 3: 'ours' }) });
    const first = commit(repository);
    await told(job.jobId, (drift) => drift?.state === 'merged' && drift.head === first);
    git(repository, 'checkout', '-q', '-b', 'deep/er/branch', 'HEAD^');
    await told(job.jobId, (drift) => drift?.state === 'clean' && drift.head === head());
    write(repository, { 'a.txt': lines({ 20: 'ours' }) });
    const second = commit(repository);
    await told(job.jobId, (drift) => drift?.state === 'conflict' && drift.head === second);
    git(repository, 'pack-refs', '--all');
    git(repository, 'update-ref', 'refs/heads/deep/er/branch', 'HEAD^');
    await told(job.jobId, (drift) => drift?.head === head());
  });

  it('when it is told that the working tree may have moved', async () => {
    const job = await host.run(change);
    await told(job.jobId, (drift) => drift?.state === 'clean');
    write(repository, { 'a.txt': lines({ 20: 'ours' }) });
    must(await host.relay.look({}));
    await told(job.jobId, (drift) => drift?.state === 'conflict' && drift.dirty[0] === 'a.txt');
  });

  it('after another was applied, and has none while it is applied itself', async () => {
    const job = await host.run(change);
    const other = await host.run(command("sed -i 's/^line 20$/another/' a.txt"));
    await told(other.jobId, (drift) => drift?.state === 'clean');
    must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
    await told(other.jobId, (drift) => drift?.state === 'conflict');
    await stands(job, undefined);
    must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
    await told(other.jobId, (drift) => drift?.state === 'clean');
    await told(job.jobId, (drift) => drift?.state === 'clean');
  });

  it('by the next host, and when the cache was deleted', async () => {
    const job = await host.run(change);
    await host.close();
    removeDirectory(host.host.places.work);
    write(repository, { 'a.txt': lines({ 3: 'ours' }) });
    commit(repository);
    await open();
    await told(job.jobId, (drift) => drift?.state === 'merged');
  });

  it('and tells only those whose drift changed', async () => {
    const [job, other] = [await host.run(change), await host.run(command('echo x >> b.txt'))];
    for (const { jobId } of [job, other]) await told(jobId, (drift) => drift?.state === 'clean');
    const heard: JobId[] = [];
    host.relay.onChange((one) => {
      if (one.kind === 'drift') heard.push(one.jobId);
    });
    write(repository, { 'a.txt': lines({ 3: 'ours' }) });
    must(await host.relay.look({}));
    await told(job.jobId, (drift) => drift?.state === 'merged');
    expect(heard).toEqual([job.jobId]);
  });
});

describe('nothing is told', () => {
  it('of what has no patch, or has not succeeded, or was deleted', async () => {
    const empty = await host.run(command('true', { allowEmpty: true }));
    await stands(empty, undefined);
    await stands(await host.run(command('exit 1')), undefined);
    const job = await host.run(change);
    must(await host.relay.delete({ jobId: job.jobId, origin: 'cli' }));
    expect(must(await host.relay.list({ limit: 10, offset: 0 })).items.filter(({ drift }) => drift)).toEqual([]);
  });

  it('while HEAD names no commit, or the working tree is gone', async () => {
    const job = await host.run(change);
    git(repository, 'symbolic-ref', 'HEAD', 'refs/heads/unborn');
    await stands(job, undefined);
    git(repository, 'symbolic-ref', 'HEAD', 'refs/heads/main');
    await stands(job, { state: 'clean' });
    const tree = join(directory, 'linked');
    git(repository, 'worktree', 'add', '-q', tree);
    const linked = must(await host.submit(change, { workspace: tree }));
    const done = await host.ended(linked.jobId);
    await stands(done, { state: 'clean' });
    write(tree, { 'a.txt': lines({ 20: 'ours' }) });
    commit(tree);
    await stands(done, { state: 'conflict' });
    await stands(job, { state: 'clean' });
    renameSync(tree, `${tree} away`);
    await stands(done, undefined);
    await stands(job, { state: 'clean' });
  });
});

it('judges in the middle of a merge, at a HEAD of another history, and in repositories of SHA-256', async () => {
  const job = await host.run(change);
  git(repository, 'checkout', '-q', '-b', 'side');
  write(repository, { 'a.txt': lines({ 20: 'side' }) });
  commit(repository);
  git(repository, 'checkout', '-q', 'main');
  write(repository, { 'a.txt': lines({ 20: 'main' }) });
  commit(repository);
  expect(() => git(repository, 'merge', 'side')).toThrow();
  await stands(job, { state: 'conflict', dirty: ['a.txt'] });
  git(repository, 'merge', '--abort');
  git(repository, 'checkout', '-q', '--orphan', 'orphan');
  git(repository, 'reset', '-q', '--hard');
  write(repository, { 'a.txt': lines() });
  commit(repository);
  await stands(job, { state: 'clean' });
  await host.close();
  repository = makeRepository(join(directory, 'sha256'), { 'a.txt': lines() }, { objectFormat: 'sha256' });
  await open();
  const long = await host.run(change);
  write(repository, { 'a.txt': lines({ 3: 'ours' }) });
  commit(repository);
  await stands(long, { state: 'merged', head: head() });
});
