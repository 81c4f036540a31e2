import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import type { ApplyOrder } from '../../src/protocol/drift.ts';
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

const lines = (changes: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 30 }, (_, at) => `${changes[at + 1] ?? `line ${String(at + 1)}`}\n`).join('');

beforeEach(async () => {
  directory = temporaryDirectory();
  const files = { 'a.txt': lines(), 'b.txt': 'b\n', 'd/c.txt': 'c\n', 'd/e.txt': 'e\n' };
  repository = makeRepository(join(directory, 'repo'), files);
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

/** A job that makes another line of one of a.txt. */
const line = (number: number, text: string): Promise<JobView> =>
  host.run(command(`sed -i 's/^line ${String(number)}$/${text}/' a.txt`));

async function plan(jobIds?: readonly JobId[]): Promise<ApplyOrder> {
  return must(await host.relay.plan(jobIds === undefined ? {} : { jobIds: [...jobIds] }));
}

describe('an order of patches', () => {
  it('has all that fit, the oldest first, and says which two do not', async () => {
    const [first, second, third, apart] = [
      await line(3, 'first'),
      await line(3, 'second'),
      await line(20, 'third'),
      await host.run(command('echo x >> b.txt')),
    ];
    const before = photographRepository(repository);
    const made = await plan();
    expect(made).toMatchObject({ head: git(repository, 'rev-parse', 'HEAD'), isBest: true, omitted: 0 });
    expect(made.jobs.map(({ jobId, drift }) => [jobId, drift.state])).toEqual(
      [first, second, third, apart].map(({ jobId }) => [jobId, 'clean']),
    );
    expect(made.conflicts).toEqual([{ jobs: [first.jobId, second.jobId], paths: ['a.txt'] }]);
    expect(made.order).toHaveLength(3);
    expect(made.order).toEqual(expect.arrayContaining([third.jobId, apart.jobId]));
    const left = made.order.includes(first.jobId) ? second.jobId : first.jobId;
    const kept = left === second.jobId ? first.jobId : second.jobId;
    expect(made.left).toEqual([{ jobId: left, paths: ['a.txt'], because: `It does not fit together with ${kept}.` }]);
    expect(photographRepository(repository)).toEqual(before);
  });

  it('leaves one that is in the way of two', async () => {
    const [wide, one, other] = [
      await host.run(command("sed -i -e 's/^line 3$/wide/' -e 's/^line 20$/wide/' a.txt")),
      await line(3, 'one'),
      await line(20, 'other'),
    ];
    const made = await plan();
    expect(made.order).toEqual([one.jobId, other.jobId]);
    expect(made.left.map(({ jobId }) => jobId)).toEqual([wide.jobId]);
    expect(made.conflicts).toHaveLength(2);
  });

  it('leaves what HEAD does not take, and what it has', async () => {
    const [contrary, there, good] = [await line(3, 'theirs'), await line(20, 'both'), await line(28, 'good')];
    write(repository, { 'a.txt': lines({ 3: 'ours', 20: 'both' }) });
    commit(repository);
    const made = await plan();
    expect(made.order).toEqual([good.jobId]);
    expect(made.left).toMatchObject([
      { jobId: contrary.jobId, paths: ['a.txt'] },
      { jobId: there.jobId, paths: [], because: 'HEAD has all of it already.' },
    ]);
    expect(made.left[0]?.because).toContain('does not fit HEAD');
  });

  it('sees that a file and a folder of its name are in each other’s way', async () => {
    const [folder, file, apart] = [
      await host.run(command('mkdir x && echo y > x/y')),
      await host.run(command('echo x > x')),
      await host.run(command('git mv d/c.txt d/moved.txt')),
    ];
    const made = await plan([folder.jobId, file.jobId, apart.jobId]);
    expect(made.conflicts.map(({ jobs }) => jobs)).toEqual([[folder.jobId, file.jobId]]);
    expect(made.order).toHaveLength(2);
    expect(made.order).toContain(apart.jobId);
  });

  it('takes a patch that fits only after another', async () => {
    const base = await line(3, 'base');
    write(repository, { 'a.txt': lines({ 3: 'base' }) });
    commit(repository);
    const next = await host.run(command("sed -i 's/^base$/next/' a.txt"));
    git(repository, 'reset', '-q', '--hard', 'HEAD^');
    const made = await plan();
    expect(made.jobs.map(({ drift }) => drift.state)).toEqual(['clean', 'conflict']);
    expect(made).toMatchObject({ order: [base.jobId, next.jobId], conflicts: [], left: [] });
    const alone = await plan([next.jobId]);
    expect(alone).toMatchObject({ order: [], left: [{ jobId: next.jobId, paths: ['a.txt'] }] });
  });
});

it('refuses a job that has nothing to apply, jobs of two working trees, and an id that is none', async () => {
  const [job, failed] = [await line(3, 'x'), await host.run(command('exit 1'))];
  expect(await host.relay.plan({ jobIds: [job.jobId, failed.jobId] })).toMatchObject({ error: { kind: 'illegal' } });
  const tree = join(directory, 'linked');
  git(repository, 'worktree', 'add', '-q', tree);
  const linked = await host.run(command('echo l > l.txt'), { workspace: tree });
  expect(await host.relay.plan({ jobIds: [job.jobId, linked.jobId] })).toMatchObject({ error: { kind: 'invalid' } });
  expect(must(await host.relay.plan({ workspace: tree })).order).toEqual([linked.jobId]);
  expect(must(await host.relay.plan({ workspace: repository })).order).toEqual([job.jobId]);
});

it('of nothing is nothing', async () => {
  expect(await host.relay.plan({})).toMatchObject({ error: { kind: 'notFound' } });
  const empty = { jobs: [], conflicts: [], order: [], left: [], isBest: true, omitted: 0 };
  expect(must(await host.relay.plan({ workspace: repository }))).toMatchObject(empty);
});
