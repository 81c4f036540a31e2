import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, type Clock } from '../../src/base/clock.ts';
import type { JobId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import type { AllowedCommands } from '../../src/engine/questions.ts';
import { JobView } from '../../src/protocol/jobView.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

const HOUR_MS = 3600 * 1000;

let directory: string;
let host: TestHost;

beforeEach(() => {
  directory = temporaryDirectory();
  makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

/** What a user has allowed for good. */
function remembered(...runs: readonly string[]): AllowedCommands & { readonly runs: Set<string> } {
  const all = new Set(runs);
  return { runs: all, has: (run) => all.has(run), add: (more) => more.forEach((run) => all.add(run)) };
}

async function open(more: { allowed?: AllowedCommands; clock?: Clock } = {}): Promise<void> {
  host = await openTestHost({
    directory: join(directory, 'repo'),
    cache: join(directory, 'cache'),
    agentCommands: 'ask',
    ...more,
  });
}

const work: JobSpec = command('echo x > x', { setup: 'true', checks: [{ name: 'there', run: 'test -e x' }] });

/** A job of an agent's that waits for its answer. */
async function waiting(spec = work): Promise<JobView> {
  const { jobId } = must(await host.submit(spec, { origin: 'mcp' }));
  return host.until(jobId, (job) => job.state !== 'QUEUED' && job.state !== 'RUNNING');
}

const answer = (jobId: JobId, askId: string, text: string): ReturnType<TestHost['relay']['answer']> =>
  host.relay.answer({ jobId, askId, answer: text, origin: 'editor' });

const askIdOf = (job: JobView): string => job.question?.askId ?? 'none';

describe('a job whose commands an agent wrote', () => {
  it('waits with all of them, and runs once they are allowed', async () => {
    const allowed = remembered();
    await open({ allowed });
    const job = await waiting();
    expect(job).toMatchObject({ state: 'WAITING', question: { choices: ['Allow once', 'Allow always', 'Refuse'] } });
    expect(job.question?.text).toMatch(/echo x > x[^]*/);
    for (const run of ['echo x > x', 'true', 'test -e x']) expect(job.question?.text).toContain(`: ${run}`);
    must(await answer(job.jobId, askIdOf(job), 'Allow once'));
    expect(await host.ended(job.jobId)).toMatchObject({ state: 'SUCCEEDED' });
    expect([...allowed.runs]).toEqual([]);
    expect(await waiting()).toMatchObject({ state: 'WAITING' });
  });

  it('is not asked about again where they are allowed for good', async () => {
    const allowed = remembered('true');
    await open({ allowed });
    const job = await waiting();
    expect(job.question?.text).not.toContain(': true');
    must(await answer(job.jobId, askIdOf(job), 'Allow always'));
    expect(await host.ended(job.jobId)).toMatchObject({ state: 'SUCCEEDED' });
    expect([...allowed.runs].sort()).toEqual(['echo x > x', 'test -e x', 'true']);
    expect(await host.run(work, { origin: 'mcp' })).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('fails by POLICY where they are refused, and nothing has run', async () => {
    await open();
    const job = await waiting();
    must(await answer(job.jobId, askIdOf(job), 'Refuse'));
    expect(await host.ended(job.jobId)).toMatchObject({
      state: 'FAILED',
      reasonCode: 'POLICY',
      message: expect.stringContaining('was refused') as unknown,
      artifacts: [],
    });
  });

  it('takes no answer for a refusal after an hour', async () => {
    const clock = new ManualClock(Date.now());
    await open({ clock });
    const spec = { ...work, execution: { ...work.execution, ttlS: 7200 } };
    const job = await waiting(spec);
    expect(job.question?.deadline).toBe(clock.now() + HOUR_MS);
    clock.advance(HOUR_MS - 1);
    expect(await host.view(job.jobId)).toMatchObject({ state: 'WAITING' });
    clock.advance(1);
    expect(await host.ended(job.jobId)).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    const answered = must(await host.relay.events({ jobId: job.jobId })).entries.map((entry) => entry.event);
    expect(answered).toContainEqual(expect.objectContaining({ type: 'answered', by: 'deadline', answer: 'Refuse' }));
  });

  it('is asked about again by the next host', async () => {
    await open();
    const first = await waiting();
    await host.close();
    await open();
    const again = await host.until(first.jobId, (job) => job.state === 'WAITING');
    expect(askIdOf(again)).not.toBe(askIdOf(first));
    expect(await answer(first.jobId, askIdOf(first), 'Allow once')).toMatchObject({ error: { kind: 'illegal' } });
    must(await answer(first.jobId, askIdOf(again), 'Allow once'));
    expect(await host.ended(first.jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
  });

  it('can be canceled while it waits', async () => {
    await open();
    const { jobId } = await waiting();
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
    expect(await host.ended(jobId)).toMatchObject({ state: 'CANCELED' });
  });
});

describe('an answer', () => {
  it('by an agent is refused where only a person may give it, and the question says so', async () => {
    await open();
    const job = await waiting();
    expect(job.question).toMatchObject({ personsOnly: true, fallback: 'Refuse' });
    const said = await host.relay.answer({
      jobId: job.jobId,
      askId: askIdOf(job),
      answer: 'Allow always',
      origin: 'mcp',
    });
    expect(said).toMatchObject({ ok: false, error: { kind: 'refused' } });
    expect(JobView.safeParse(job).error).toBeUndefined();
  });

  it('is refused where it is none of the choices, late, or for a job that asks nothing', async () => {
    await open();
    const job = await waiting();
    expect(await answer(job.jobId, askIdOf(job), 'Perhaps')).toMatchObject({
      error: { kind: 'invalid', message: expect.stringContaining('Allow once, Allow always, Refuse') as unknown },
    });
    must(await answer(job.jobId, askIdOf(job), 'Allow once'));
    expect(await answer(job.jobId, askIdOf(job), 'Refuse')).toMatchObject({ error: { kind: 'illegal' } });
    await host.ended(job.jobId);
    expect(await answer(job.jobId, askIdOf(job), 'Refuse')).toMatchObject({
      error: { kind: 'illegal', message: expect.stringContaining('SUCCEEDED') as unknown },
    });
  });
});

it('asks nothing about what a person typed', async () => {
  await open();
  expect(await host.run(work, { origin: 'editor' })).toMatchObject({ state: 'SUCCEEDED' });
});
