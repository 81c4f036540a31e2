import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { commit, git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;
beforeEach(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n', 'b.txt': 'b\n' });
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});
afterEach(async () => {
  await host.close();
  removeDirectory(directory);
});

/** As a person does who needs the room, while the host lives. */
const deleteCache = (): void => rmSync(host.host.places.work, { recursive: true });

it('runs the job of a URL again whose mirror was deleted with its pack', async () => {
  // As many as git fetches into a pack, which a process that is warm has mapped.
  const files = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`f${String(at)}.txt`, `${String(at)}\n`]));
  const other = makeRepository(join(directory, 'other'), files);
  const baselineCommit = ObjectId.parse(git(other, 'rev-parse', 'HEAD'));
  const spec = command('echo more >> f1.txt', {
    repo: { type: 'git', url: `file://${other}`, baseBranch: 'main', baselineCommit },
  });
  expect(await host.run(spec)).toMatchObject({ state: 'SUCCEEDED' });
  deleteCache();
  const again = await host.run(spec);
  expect(again, again.message).toMatchObject({ state: 'SUCCEEDED' });
});

const uncommitted = command('cat b.txt >> a.txt', { repo: { type: 'workspace', include: 'uncommitted' } });

it('takes uncommitted work all the same', async () => {
  write(repository, { 'b.txt': 'mine\n' });
  deleteCache();
  const job = await host.run(uncommitted);
  expect(job, job.message).toMatchObject({ state: 'SUCCEEDED', graft: {} });
  expect(existsSync(join(host.host.places.work, 'gitconfig'))).toBe(true);
});

it('goes on from a job', async () => {
  const { jobId } = await host.run(command('echo more >> a.txt'));
  deleteCache();
  const task = { title: 'Go on' };
  const execution = { command: 'cat a.txt > c.txt' };
  const next = must(await host.relay.followUp({ jobId, task, execution, origin: 'cli' }));
  expect(await host.ended(next.jobId)).toMatchObject({ state: 'SUCCEEDED' });
});

it('plans, and applies onto a HEAD that moved', async () => {
  const { jobId } = await host.run(command('echo more >> a.txt'));
  write(repository, { 'a.txt': '0\n1\n2\n3\na\n' });
  commit(repository);
  write(repository, { 'b.txt': 'dirty\n' });
  deleteCache();
  expect(must(await host.relay.plan({}))).toMatchObject({ order: [jobId] });
  deleteCache();
  expect(must(await host.relay.apply({ jobId, origin: 'cli', dryRun: true }))).toMatchObject({ files: [{}] });
});

it('says so where the cache cannot be made again', async () => {
  write(repository, { 'b.txt': 'mine\n' });
  const { work } = host.host.places;
  deleteCache();
  writeFileSync(work, 'in the way');
  expect(await host.submit(uncommitted)).toMatchObject({ ok: false, error: { kind: 'io' } });
  rmSync(work);
});
