import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { isTerminalState } from '../../src/domain/jobState.ts';
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

// Many jobs in one test: a machine that is busy takes its time.
vi.setConfig({ testTimeout: 120_000 });

let directory: string;
let repository: string;
let linked: string;
let host: TestHost;

beforeAll(async () => {
  directory = temporaryDirectory();
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`src/${String(index)}.txt`, `${String(index)}\n`]),
  );
  const numbers = Array.from({ length: 100_000 }, (_, index) => `${String(index)}\n`).join('');
  repository = makeRepository(join(directory, 'repo'), { ...files, 'big.txt': numbers });
  linked = join(directory, 'linked');
  git(repository, 'worktree', 'add', '-q', '--detach', linked);
  git(linked, 'rm', '-rq', 'src');
  write(linked, { 'other/a.txt': 'a\n' });
  commit(linked);
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache'), concurrency: 3 });
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

it('keeps jobs at different baselines apart, though they share slots', async () => {
  const before = [photographRepository(repository), photographRepository(linked)];
  const jobs = await Promise.all(
    Array.from({ length: 60 }, (_, index) => {
      const name = String(index);
      const here = command(`echo ${name} > src/7.txt; echo ${name} > new.txt; rm -rf .git; test ! -e other`);
      const there = command(`echo ${name} > other/a.txt; chmod 000 other; test ! -e src`);
      return index % 2 === 0 ? host.run(here) : host.run(there, { workspace: linked });
    }),
  );
  const told = jobs.map(
    (job, index) =>
      `${String(index % 2)} ${job.state} ${job.message ?? ''} ${job.files.map((file) => file.path).join()}`,
  );
  expect([...new Set(told)].sort()).toEqual(['0 SUCCEEDED  new.txt,src/7.txt', '1 SUCCEEDED  other/a.txt']);
  expect([photographRepository(repository), photographRepository(linked)]).toEqual(before);
});

it('proves a job by its own baseline, whatever its slot is used for meanwhile', async () => {
  // A patch that takes git a while: the slot is back long before the proof.
  const slow = command('shuf big.txt -o big.txt; echo x > src/7.txt');
  const baselines = ['one', 'two', 'three', 'four'].map((name) => {
    write(linked, { [`${name}.txt`]: name });
    return ObjectId.parse(commit(linked));
  });
  const slowJob = must(await host.submit(slow)).jobId;
  const proven = host.ended(slowJob);
  const others: string[] = [];
  for (let index = 0; !isTerminalState((await host.view(slowJob)).state); index++) {
    const baselineCommit = baselines[index % baselines.length];
    if (baselineCommit === undefined) throw new Error('no baseline');
    const repo = { type: 'local', path: linked, baselineCommit } as const;
    others.push((await host.run(command('echo y > y.txt', { repo }))).state);
  }
  const job = await proven;
  expect(job, job.message).toMatchObject({ state: 'SUCCEEDED', fileCount: 2 });
  expect(new Set(others)).toEqual(new Set(['SUCCEEDED']));
});
