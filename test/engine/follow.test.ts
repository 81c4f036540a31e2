import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Origin } from '../../src/domain/event.ts';
import { ObjectId, type JobId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import type { Relay } from '../../src/protocol/relay.ts';
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
import { command, must, openTestHost, printed, type TestHost, type TestHostOptions } from '../fixtures/testHost.ts';

let place: string;
let repository: string;
let host: TestHost;

beforeEach(async () => {
  place = temporaryDirectory();
  repository = makeRepository(join(place, 'repo'), { 'a.txt': 'a\n', 'b.txt': 'b\n' });
  await open();
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(place);
});

async function open(more: Partial<TestHostOptions> = {}): Promise<void> {
  host = await openTestHost({ directory: repository, cache: join(place, 'cache'), concurrency: 1, ...more });
}

async function reopen(more: Partial<TestHostOptions>): Promise<void> {
  await host.close();
  await open(more);
}

const headOf = (root: string): ObjectId => ObjectId.parse(git(root, 'rev-parse', 'HEAD'));
const refusal = (kind: string, message: RegExp): object => ({
  ok: false,
  error: { kind, message: expect.stringMatching(message) as unknown },
});

type FollowUp = Parameters<Relay['followUp']>[0];

function ask(jobId: JobId, run: string, more: Partial<FollowUp> = {}): ReturnType<Relay['followUp']> {
  return host.relay.followUp({ jobId, task: { title: run }, execution: { command: run }, origin: 'cli', ...more });
}

async function follow(jobId: JobId, run: string, more: Partial<FollowUp> = {}): Promise<JobView> {
  return host.ended(must(await ask(jobId, run, more)).jobId);
}

const patchOf = async ({ jobId }: JobView): Promise<string> => (await host.artifact(jobId, 'patch.diff')).toString();
const logOf = async ({ jobId }: JobView): Promise<Buffer> => host.artifact(jobId, 'logs.txt');

async function specIn({ jobId }: JobView): Promise<JobSpec> {
  const { entries } = must(await host.relay.events({ jobId }));
  const [first] = entries;
  if (first?.event.type !== 'submitted') throw new Error('its first event is another');
  return first.event.spec;
}

describe('a follow-up', () => {
  it('starts from the result of a job, and its patch is what it changes there', async () => {
    const before = photographRepository(repository);
    const first = await host.run(command('echo one >> a.txt; echo new > new.txt'));
    const second = await follow(first.jobId, 'cat a.txt new.txt; echo two >> a.txt');
    expect(second).toMatchObject({
      state: 'SUCCEEDED',
      parent: first.jobId,
      relation: 'followUp',
      graft: { on: headOf(repository) },
    });
    expect(printed(await logOf(second))).toBe('a\none\nnew');
    expect(second.files.map(({ path }) => path)).toEqual(['a.txt']);
    expect(await patchOf(second)).toMatch(/@@ -1,2 \+1,3 @@\n a\n one\n\+two\n/);
    expect(photographRepository(repository)).toEqual(before);
  });

  it('goes on in a chain, and each is told all that came before', async () => {
    const first = await host.run(command('echo 1 >> a.txt'));
    const second = await follow(first.jobId, 'echo 2 >> a.txt');
    const third = await follow(second.jobId, 'cat a.txt; echo 3 >> a.txt');
    expect(third).toMatchObject({ state: 'SUCCEEDED', parent: second.jobId, graft: { on: headOf(repository) } });
    expect(printed(await logOf(third))).toBe('a\n1\n2');
    expect((await logOf(third)).toString()).toContain(`goes on from job ${second.jobId}`);
  });

  it('is made from the record alone where the cache was deleted, for its parent and for itself', async () => {
    const first = await host.run(command('echo 1 >> a.txt; printf "\\0\\1" > bytes'));
    const second = await follow(first.jobId, 'echo 2 >> a.txt');
    const { work } = host.host.places;
    await host.close();
    rmSync(work, { recursive: true });
    await open();
    const third = await follow(second.jobId, 'cat a.txt; wc -c < bytes; echo 3 >> a.txt');
    expect(third).toMatchObject({ state: 'SUCCEEDED' });
    expect(printed(await logOf(third))).toBe('a\n1\n2\n2');
    const verified = must(await host.relay.verify({ jobId: third.jobId }));
    expect(verified.claims.filter(({ holds }) => !holds)).toEqual([]);
  });

  it('stays on that result when HEAD moves on, or has it meanwhile', async () => {
    const first = await host.run(command('echo 1 >> a.txt'));
    must(await host.relay.apply({ jobId: first.jobId, origin: 'cli', dryRun: false }));
    commit(repository);
    const second = await follow(first.jobId, 'cat a.txt; echo 2 >> a.txt');
    expect(printed(await logOf(second))).toBe('a\n1');
    expect(second.graft?.on).toBe(first.baseline);
    expect(await host.relay.apply({ jobId: second.jobId, origin: 'cli', dryRun: false })).toMatchObject({ ok: true });
  });

  it('starts from the baseline where the job changed nothing', async () => {
    const first = await host.run(command('true', { allowEmpty: true }));
    const second = await follow(first.jobId, 'echo x > x');
    expect(second).toMatchObject({ state: 'SUCCEEDED', baseline: first.baseline });
    expect(second.graft).toBe(undefined);
  });

  it('takes over scope, gates, setup and labels, and nothing that made the change', async () => {
    const spec: JobSpec = {
      ...command('cat ready; echo 1 >> a.txt', { execution: { priority: 'P0', timeoutS: 60 } }),
      scope: { fileGlobs: ['a.txt'] },
      setup: 'echo ready > ready',
      checks: [{ name: 'grep', run: 'grep -q a a.txt' }],
      context: { codeSnippets: [{ path: 'a.txt', from: 1, to: 1 }] },
      labels: { team: 'x' },
      idempotencyKey: 'k',
    };
    const first = await host.run(spec);
    expect(first.state).toBe('SUCCEEDED');
    const second = await follow(first.jobId, 'cat ready; echo 2 >> a.txt');
    expect(await specIn(second)).toEqual({
      task: { title: 'cat ready; echo 2 >> a.txt' },
      execution: { priority: 'P0', timeoutS: 60, command: 'cat ready; echo 2 >> a.txt' },
      scope: spec.scope,
      setup: spec.setup,
      checks: spec.checks,
      labels: spec.labels,
    });
    expect(second.checks.map(({ name }) => name)).toContain('grep');
    const outside = await follow(first.jobId, 'echo 2 >> b.txt');
    expect(outside).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
  });

  it('asks who makes the change, where that was a command', async () => {
    const first = await host.run(command('echo 1 >> a.txt'));
    expect(await ask(first.jobId, 'x', { execution: undefined })).toMatchObject(
      refusal('invalid', /made by a command, which is not run again.*execution\.command/),
    );
  });

  it('is refused for a job that has no result to go on from', async () => {
    const failed = await host.run(command('exit 1'));
    expect(await ask(failed.jobId, 'x')).toMatchObject(refusal('illegal', /is FAILED: only the result/));
    const unknown = 'a'.repeat(16) as JobId;
    expect(await ask(unknown, 'x')).toMatchObject(refusal('notFound', /a{16}/));
    const done = await host.run(command('echo 1 >> a.txt'));
    expect(await ask(done.jobId, 'x', { execution: { executor: 'nobody' } })).toMatchObject(
      refusal('invalid', /nobody/),
    );
  });

  it('is judged by the policy of the result and of HEAD, whichever is stricter', async () => {
    const first = await host.run(command('echo 1 >> a.txt'));
    write(repository, { '.task-relay.json': '{"protect":["b.txt"]}' });
    commit(repository);
    const second = await follow(first.jobId, 'echo 2 >> b.txt');
    expect(second).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(second.message).toContain('"b.txt"');
  });

  it('can be retried: the same result again', async () => {
    const first = await host.run(command('echo 1 >> a.txt'));
    const second = await follow(first.jobId, 'exit 1');
    const third = must(await host.relay.retry({ jobId: second.jobId, origin: 'cli' }));
    expect(await host.ended(third.jobId)).toMatchObject({
      relation: 'retry',
      parent: second.jobId,
      baseline: second.baseline,
      graft: second.graft,
    });
  });
});

describe('a follow-up by an agent of a person’s job', () => {
  const byAgent = { origin: 'mcp' } as const satisfies { origin: Origin };

  it('runs no command where agents may run none, also not those that the person typed', async () => {
    const first = await host.run({ ...command('echo 1 >> a.txt'), checks: [{ name: 'test', run: 'touch $HOME/ran' }] });
    await reopen({ allowCommands: false });
    expect(await ask(first.jobId, 'echo 2', byAgent)).toMatchObject(refusal('refused', /execution\.command/));
    const noCommand = { ...byAgent, execution: { executor: 'codex' } };
    expect(await ask(first.jobId, 'x', noCommand)).toMatchObject(refusal('refused', /checks\[0\]\.run/));
  });

  it('waits for the user’s consent to the person’s commands, where agents ask', async () => {
    const first = await host.run({ ...command('echo 1 >> a.txt'), checks: [{ name: 'test', run: 'true' }] });
    await reopen({ agentCommands: 'ask' });
    const { jobId } = must(await ask(first.jobId, 'echo 2 >> a.txt', byAgent));
    const { question } = await host.until(jobId, ({ state }) => state === 'WAITING');
    expect(question?.text).toContain('checks[0].run: true');
    must(await host.relay.answer({ jobId, askId: question?.askId ?? '', answer: 'Refuse', origin: 'cli' }));
    expect(await host.ended(jobId)).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
  });

  it('does not inherit the person’s leave for protected paths; a person does', async () => {
    const first = await host.run(command('echo x=1 > .npmrc', { scope: { allowProtected: ['.npmrc'] } }));
    expect(first.state).toBe('SUCCEEDED');
    const theirs = await follow(first.jobId, 'echo y=1 >> .npmrc', byAgent);
    expect(theirs).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect((await specIn(theirs)).scope).toEqual({});
    expect(await follow(first.jobId, 'echo y=1 >> .npmrc')).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('plays no file of this machine', async () => {
    const first = await host.run(command('echo 1 >> a.txt'));
    const cassette = { ...byAgent, execution: { cassette: '/etc/hostname' } };
    expect(await ask(first.jobId, 'x', cassette)).toMatchObject(refusal('refused', /execution\.cassette/));
  });

  it('rebases it only where it might have submitted it', async () => {
    const first = await host.run(command('echo x=1 > .npmrc', { scope: { allowProtected: ['.npmrc'] } }));
    const rebase = (): ReturnType<Relay['rebase']> => host.relay.rebase({ jobId: first.jobId, ...byAgent });
    expect(await rebase()).toMatchObject(refusal('refused', /scope\.allowProtected/));
    const plain = await host.run(command('echo 1 >> a.txt'));
    await reopen({ allowCommands: false });
    expect(await host.relay.rebase({ jobId: plain.jobId, ...byAgent })).toMatchObject(
      refusal('refused', /execution\.command/),
    );
  });
});

describe('a rebase', () => {
  it('runs an ended job’s task on what HEAD is now', async () => {
    const first = await host.run(command('cat b.txt; echo 1 >> a.txt', { idempotencyKey: 'k' }));
    write(repository, { 'b.txt': 'newer\n' });
    commit(repository);
    const { jobId, deduplicated } = must(await host.relay.rebase({ jobId: first.jobId, origin: 'cli' }));
    expect(deduplicated).toBe(false);
    const second = await host.ended(jobId);
    expect(second).toMatchObject({
      state: 'SUCCEEDED',
      relation: 'rebase',
      parent: first.jobId,
      baseline: headOf(repository),
    });
    expect(printed(await logOf(second))).toBe('newer');
  });

  it('takes a new snapshot of uncommitted work', async () => {
    const spec: JobSpec = {
      ...command('cat b.txt; echo 1 >> a.txt'),
      repo: { type: 'workspace', include: 'uncommitted' },
    };
    const first = await host.run(spec);
    write(repository, { 'b.txt': 'not committed\n' });
    const { jobId } = must(await host.relay.rebase({ jobId: first.jobId, origin: 'cli' }));
    const second = await host.ended(jobId);
    expect(printed(await logOf(second))).toBe('not committed');
    expect(second.graft?.on).toBe(headOf(repository));
  });

  it('is on the HEAD of a local source, whose commit the task had named', async () => {
    const path = makeRepository(join(place, 'other'), { 'o.txt': 'old\n' });
    const spec: JobSpec = {
      ...command('cat o.txt; echo 1 >> o.txt'),
      repo: { type: 'local', path, baselineCommit: headOf(path) },
    };
    const first = await host.run(spec);
    write(path, { 'o.txt': 'new\n' });
    commit(path);
    const { jobId } = must(await host.relay.rebase({ jobId: first.jobId, origin: 'cli' }));
    const second = await host.ended(jobId);
    expect(printed(await logOf(second))).toBe('new');
    expect((await specIn(second)).repo).toMatchObject({ baselineCommit: headOf(path) });
  });

  it('is refused by name for a URL, and for a job that has not ended', async () => {
    const url = `file://${repository}`;
    const spec: JobSpec = {
      ...command('echo 1 >> a.txt'),
      repo: { type: 'git', url, baseBranch: 'main', baselineCommit: headOf(repository) },
    };
    const first = await host.run(spec);
    expect(first.state).toBe('SUCCEEDED');
    expect(await host.relay.rebase({ jobId: first.jobId, origin: 'cli' })).toMatchObject(
      refusal('invalid', /file:.*Submit the task anew with the commit in repo\.baselineCommit/),
    );
    // It is gone on from all the same.
    expect(printed(await logOf(await follow(first.jobId, 'cat a.txt; echo 2 >> a.txt')))).toBe('a\n1');
    const { jobId } = must(await host.submit(command('sleep 1000')));
    expect(await host.relay.rebase({ jobId, origin: 'cli' })).toMatchObject(
      refusal('illegal', /can be rebased when it has ended/),
    );
    await host.relay.cancel({ jobId, origin: 'cli' });
    await host.sealed(jobId);
  });
});
