import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  commit,
  git,
  makeRepository,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
  type Photograph,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let elsewhere: string;
let host: TestHost;
let untouched: readonly Photograph[];

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'one\n', 'src/b.txt': 'two\n' });
  elsewhere = makeRepository(join(directory, 'elsewhere'), { 'e.txt': 'e\n' });
  write(elsewhere, { 'e.txt': 'newer\n' });
  commit(elsewhere);
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache'), concurrency: 2 });
  untouched = [photographRepository(repository), photographRepository(elsewhere)];
});

afterAll(async () => {
  expect([photographRepository(repository), photographRepository(elsewhere)]).toEqual(untouched);
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

const headOf = (root: string): ObjectId => ObjectId.parse(git(root, 'rev-parse', 'HEAD'));
const refusal = (kind: string, message: RegExp): object => ({
  ok: false,
  error: { kind, message: expect.stringMatching(message) as unknown },
});
const noSuch = ObjectId.parse('1'.repeat(40));

async function count(): Promise<number> {
  return must(await host.relay.list({ limit: 1, offset: 0 })).total;
}

/** Refused, and nothing is recorded. */
async function expectRefused(spec: JobSpec, kind: string, message: RegExp, more = {}): Promise<void> {
  const before = await count();
  expect(await host.submit(spec, more)).toMatchObject(refusal(kind, message));
  expect(await count()).toBe(before);
}

describe('a repository that a spec names', () => {
  it('is a local one, at a commit of its own', async () => {
    const baselineCommit = ObjectId.parse(git(elsewhere, 'rev-parse', 'HEAD~1'));
    const job = await host.run(
      command('cat e.txt; echo x >> e.txt', { repo: { type: 'local', path: elsewhere, baselineCommit } }),
    );
    expect(job).toMatchObject({ state: 'SUCCEEDED', baseline: baselineCommit });
    expect((await host.artifact(job.jobId, 'patch.diff')).toString()).toContain(' e\n+x\n');
  });

  it('is a local one by a folder in it, and is delivered to its top', async () => {
    const repo = { type: 'local', path: join(repository, 'src'), baselineCommit: headOf(repository) } as const;
    const job = await host.run(command('echo x >> a.txt; echo y >> src/b.txt', { repo }));
    expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 2 });
    must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
    expect(git(repository, 'status', '--porcelain')).toBe(' M a.txt\n M src/b.txt');
    must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
  });

  it('is a local one by a link', async () => {
    symlinkSync(elsewhere, join(directory, 'link'));
    const repo = { type: 'local', path: join(directory, 'link'), baselineCommit: headOf(elsewhere) } as const;
    const job = await host.run(command('echo x >> e.txt', { repo }));
    must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
    expect(git(elsewhere, 'status', '--porcelain')).toBe(' M e.txt');
    must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
  });

  it('has no such commit', () =>
    expectRefused(
      command('true', { repo: { type: 'local', path: elsewhere, baselineCommit: noSuch } }),
      'invalid',
      /1{40} is not in .*elsewhere.*git rev-parse HEAD.*fetch/,
    ));

  it('has an object of that id that is no commit', () =>
    expectRefused(
      command('true', {
        repo: {
          type: 'local',
          path: elsewhere,
          baselineCommit: ObjectId.parse(git(elsewhere, 'rev-parse', 'HEAD^{tree}')),
        },
      }),
      'invalid',
      /is not in/,
    ));

  it('has ids of another length', () =>
    expectRefused(
      command('true', { repo: { type: 'local', path: elsewhere, baselineCommit: ObjectId.parse('2'.repeat(64)) } }),
      'invalid',
      /is not in/,
    ));

  it('is none, or not there', async () => {
    const spec = (path: string): JobSpec => command('true', { repo: { type: 'local', path, baselineCommit: noSuch } });
    await expectRefused(spec(directory), 'invalid', /not in a git repository/);
    await expectRefused(spec(join(directory, 'nowhere')), 'invalid', /no folder that can be read/);
    await expectRefused(command('true'), 'invalid', /no folder/, { workspace: join(directory, 'nowhere') });
  });

  it('is given by a URL', async () => {
    const repo = {
      type: 'git',
      url: pathToFileURL(elsewhere).href,
      baseBranch: 'main',
      baselineCommit: headOf(elsewhere),
    } as const;
    const job = await host.run(command('echo x >> e.txt; git log --oneline | wc -l', { repo }));
    expect(job).toMatchObject({ state: 'SUCCEEDED', files: [{ path: 'e.txt' }] });
    expect((await host.artifact(job.jobId, 'logs.txt')).toString()).toMatch(/stdout \| 2$/m);
    expect(JSON.parse((await host.artifact(job.jobId, 'pr.json')).toString())).toMatchObject({ base: 'main' });
  });

  it('is given by a URL that leads nowhere, or to no such commit', async () => {
    const spec = (url: string, baselineCommit: ObjectId): JobSpec =>
      command('true', { repo: { type: 'git', url, baseBranch: 'main', baselineCommit } });
    const gone = await host.run(spec(pathToFileURL(join(directory, 'gone')).href, noSuch));
    expect(gone).toMatchObject({
      state: 'FAILED',
      message: expect.stringMatching(/could not copy "file:.*gone".*/) as unknown,
    });
    const absent = await host.run(spec(pathToFileURL(elsewhere).href, noSuch));
    expect(absent).toMatchObject({
      state: 'FAILED',
      message: expect.stringMatching(/1{40} is not in "file:/) as unknown,
    });
    const refused = await host.run(spec('http://127.0.0.1:1/x.git', noSuch));
    expect(refused).toMatchObject({
      state: 'FAILED',
      message: expect.stringMatching(/could not copy "http:/) as unknown,
    });
  });

  it.each(['ext::sh -c "touch /tmp/x"', 'fd::3', '/etc', '-u', '--upload-pack=touch x', 'transport::x', 'file:/x', ''])(
    'is given by what is no URL to fetch from: %s',
    (url) =>
      expectRefused(
        command('true', { repo: { type: 'git', url, baseBranch: 'main', baselineCommit: noSuch } }),
        'invalid',
        /no URL that the relay fetches from. Use https/,
      ),
  );
});

describe('commands of an agent', () => {
  it('are refused by name, each, where the host does not allow them', async () => {
    const strict = await openTestHost({ directory: elsewhere, cache: join(directory, 'cache2'), allowCommands: false });
    const spec = command('rm -rf /', { setup: 'curl x | sh', checks: [{ name: 'c', run: 'make' }] });
    expect(await strict.submit(spec, { origin: 'mcp' })).toMatchObject(
      refusal('refused', /execution\.command \("rm -rf \/"\).*setup.*checks\[0\].run.*--allow-commands/),
    );
    expect(await strict.submit({ task: { title: 't' }, setup: 'x' }, { origin: 'mcp' })).toMatchObject(
      refusal('refused', /setup/),
    );
    const mine = await strict.run(command('echo x > x'), { origin: 'cli' });
    expect(mine).toMatchObject({ state: 'SUCCEEDED' });
    expect(await strict.relay.retry({ jobId: mine.jobId, origin: 'mcp' })).toMatchObject(
      refusal('refused', /execution\.command/),
    );
    await strict.close();
    await expectNothingLeft(strict.host.places);
  });

  it('run where it does', async () => {
    expect(await host.run(command('echo x > x'), { origin: 'mcp' })).toMatchObject({ state: 'SUCCEEDED' });
  });
});

describe('an idempotency key', () => {
  it('means the same job, also to callers at once, and after its end', async () => {
    const spec = command('echo x > x', { idempotencyKey: 'k1' });
    const all = await Promise.all(Array.from({ length: 20 }, () => host.submit(spec)));
    const ids = new Set(all.map((one) => must(one).jobId));
    expect(ids.size).toBe(1);
    expect(all.filter((one) => !must(one).deduplicated)).toHaveLength(1);
    const [jobId] = ids;
    if (jobId === undefined) throw new Error('no job');
    await host.ended(jobId);
    expect(must(await host.submit(spec))).toMatchObject({ jobId, deduplicated: true, state: 'SUCCEEDED' });
  });

  it('is the same whatever the order of the fields', async () => {
    const first = must(
      await host.submit({
        idempotencyKey: 'k2',
        task: { title: 't', description: 'd' },
        execution: { command: 'echo x > x' },
      }),
    );
    const again = must(
      await host.submit({
        execution: { command: 'echo x > x' },
        task: { description: 'd', title: 't' },
        idempotencyKey: 'k2',
      }),
    );
    expect(again.jobId).toBe(first.jobId);
    await host.ended(first.jobId);
  });

  it('is refused for another spec', async () => {
    const { jobId } = await host.run(command('echo x > x', { idempotencyKey: 'k3' }));
    await expectRefused(
      command('echo y > y', { idempotencyKey: 'k3' }),
      'invalid',
      new RegExp(`"k3" belongs to job ${jobId}.*Use another key`),
    );
  });
});

describe('a retry', () => {
  it('is a new job at the same baseline, that knows its parent and not its key', async () => {
    const first = await host.run(
      command('test -e $HOME/second && echo x > x; touch $HOME/second', { idempotencyKey: 'k4' }),
    );
    expect(first).toMatchObject({ state: 'FAILED' });
    const { jobId } = must(await host.relay.retry({ jobId: first.jobId, origin: 'cli' }));
    expect(await host.ended(jobId)).toMatchObject({
      state: 'SUCCEEDED',
      parent: first.jobId,
      baseline: first.baseline,
    });
    expect(
      must(
        await host.submit(command('test -e $HOME/second && echo x > x; touch $HOME/second', { idempotencyKey: 'k4' })),
      ),
    ).toMatchObject({ jobId: first.jobId });
  });

  it('is refused while the job runs, and for one that is not there', async () => {
    const { jobId } = must(await host.submit(command('sleep 1000')));
    expect(await host.relay.retry({ jobId, origin: 'cli' })).toMatchObject(
      refusal('illegal', /can be retried when it has ended/),
    );
    await host.relay.cancel({ jobId, origin: 'cli' });
    const unknown = 'a'.repeat(16) as typeof jobId;
    expect(await host.relay.retry({ jobId: unknown, origin: 'cli' })).toMatchObject(refusal('notFound', /a{16}/));
  });
});

describe('attempts', () => {
  it('are repeated while there are some left', async () => {
    const run =
      'echo $RELAY_ATTEMPT; test -e "$HOME/third" && echo x > x || { test -e "$HOME/tried" && touch "$HOME/third"; touch "$HOME/tried"; exit 1; }';
    expect(await host.run(command(run, { execution: { maxAttempts: 5 } }))).toMatchObject({
      state: 'SUCCEEDED',
      attempt: 3,
    });
    expect(await host.run(command('exit 1', { execution: { maxAttempts: 2 } }))).toMatchObject({
      state: 'FAILED',
      attempt: 2,
    });
  });

  it('are not repeated where that would change nothing', async () => {
    const spec = command('echo x > x', { execution: { maxAttempts: 3 }, scope: { fileGlobs: ['y'] } });
    expect(await host.run(spec)).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', attempt: 1 });
  });
});

describe('what waits', () => {
  it('is canceled, or expires, before it runs; what has ended stays so', async () => {
    const busy = await Promise.all([1, 2].map(() => host.submit(command('echo runs; sleep 1000'))));
    const [one, two] = busy.map((job) => must(job).jobId);
    if (one === undefined || two === undefined) throw new Error('no jobs');
    await Promise.all([host.logged(one, 'runs'), host.logged(two, 'runs')]);
    const waiting = must(await host.submit(command('touch $HOME/must-not-run'))).jobId;
    const late = must(await host.submit(command('touch $HOME/must-not-run', { execution: { ttlS: 1 } }))).jobId;
    expect(await host.relay.cancel({ jobId: waiting, origin: 'mcp' })).toMatchObject({
      ok: true,
      value: { ok: true, state: 'CANCELED' },
    });
    expect(await host.ended(late)).toMatchObject({
      state: 'EXPIRED',
      attempt: 0,
      artifacts: [],
      message: expect.stringMatching(/time to live of 1 s .*held executor/) as unknown,
    });
    for (const jobId of [one, two]) must(await host.relay.cancel({ jobId, origin: 'cli' }));
    expect(await host.relay.cancel({ jobId: late, origin: 'cli' })).toMatchObject({
      ok: true,
      value: { ok: false, state: 'EXPIRED' },
    });
    const next = await host.run(command('test ! -e $HOME/must-not-run && echo x > x'));
    expect(next).toMatchObject({ state: 'SUCCEEDED' });
    const events = must(await host.relay.events({ jobId: waiting })).entries.map(({ event }) => event);
    expect(events).toMatchObject([{ type: 'submitted' }, { type: 'canceled', by: 'mcp' }]);
  });

  it('runs by priority, then by age', async () => {
    const busy = must(await host.submit(command('echo runs; sleep 1000'))).jobId;
    const other = must(await host.submit(command('echo runs; sleep 1000'))).jobId;
    await Promise.all([host.logged(busy, 'runs'), host.logged(other, 'runs')]);
    const order: string[] = [];
    const listening = host.relay.onChange((change) => {
      if (change.kind === 'job' && change.state === 'RUNNING') order.push(change.jobId);
    });
    const submit = async (priority: 'P0' | 'P1' | 'P2') =>
      must(await host.submit(command('echo x > x', { execution: { priority } }))).jobId;
    const [c, a1, b, a2] = [await submit('P2'), await submit('P0'), await submit('P1'), await submit('P0')];
    must(await host.relay.cancel({ jobId: busy, origin: 'cli' }));
    await host.ended(c);
    must(await host.relay.cancel({ jobId: other, origin: 'cli' }));
    listening.dispose();
    expect(order).toEqual([a1, a2, b, c]);
  });
});
