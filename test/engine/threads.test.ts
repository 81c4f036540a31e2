import { globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import type { AcpScript } from '../fixtures/acpAgent.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { must, openTestHost, type TestHost } from '../fixtures/testHost.ts';
import { placeProgram } from '../executors/player.ts';
import { ID, THREADED } from '../executors/codex/threaded.ts';

const agent = join(import.meta.dirname, '../fixtures/acpAgent.ts');

let place: string;
let host: TestHost;

beforeEach(() => {
  place = temporaryDirectory();
  mkdirSync(join(place, 'codex'));
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(place);
});

interface Options {
  readonly tiny?: AcpScript;
  readonly threads?: 'keep' | 'drop';
  readonly env?: Readonly<Record<string, string>>;
}

async function open({ tiny = {}, threads = 'keep', env = {} }: Options = {}): Promise<void> {
  const program = placeProgram(place, 'codex-program', THREADED).file;
  const command = [process.execPath, agent, JSON.stringify(tiny)];
  host = await openTestHost({
    directory: makeRepository(join(place, 'repo'), { 'a.txt': 'a\n' }),
    cache: join(place, 'cache'),
    environment: { CODEX_HOME: join(place, 'codex'), ...env },
    environmentNames: () => Object.keys(env),
    executorSettings: () => ({ codex: { program, sandbox: 'workspace-write' }, acp: { tiny: { command } }, threads }),
  });
}

const spec = (executor: string): JobSpec => ({
  task: { title: 'The first task', description: 'Say xylophone.' },
  execution: { executor },
  allowEmpty: true,
});

async function follow(jobId: JobId, execution?: JobSpec['execution']): Promise<{ job: JobView; log: string }> {
  const task = { title: 'The second task' };
  const asked = await host.relay.followUp({ jobId, task, execution, origin: 'cli' });
  const job = await host.ended(must(asked).jobId);
  const log = (await host.artifact(job.jobId, 'logs.txt')).toString();
  expect(job.state, log).toBe('SUCCEEDED');
  return { job, log };
}

const kept = (): readonly string[] => globSync(join(host.host.places.record, 'threads/*')).sort();
const ofCodex = (): readonly string[] => globSync(join(place, 'codex/sessions/**/*.jsonl'));

describe('the thread of a job', () => {
  it('is kept by the relay, and a follow-up goes on in it, in another slot or the same', async () => {
    await open();
    const first = await host.run(spec('codex'));
    expect((await host.artifact(first.jobId, 'logs.txt')).toString()).toContain('its thread is kept for follow-ups');
    expect(kept()).toEqual([join(host.host.places.record, 'threads', `${first.jobId}.gz`)]);
    const second = await follow(first.jobId);
    expect(second.log).toContain(`goes on from job ${first.jobId}, in its thread (${ID})`);
    // The program says what it remembers.
    expect(second.job.summary).toContain('Say xylophone.');
    expect(second.job.executor).toBe('codex');
    const third = await follow(second.job.jobId);
    expect(third.job.summary).toMatch(/Say xylophone\.[\s\S]*The second task/);
    expect(ofCodex()).toEqual([]);
    expect(kept()).toHaveLength(3);
  });

  it('is told where it is gone, and the follow-up goes on all the same', async () => {
    await open();
    const first = await host.run(spec('codex'));
    rmSync(join(host.host.places.record, 'threads'), { recursive: true });
    const { job, log } = await follow(first.jobId);
    expect(log).toContain('the thread could not be taken up, so the executor is told of the job before');
    // A thread that begins is given its prompt as its answer.
    expect(job.summary).toMatch(/## Before[\s\S]*Say xylophone\.[\s\S]*The second task/);
  });

  it('is told where another executor goes on', async () => {
    await open({ tiny: { steps: [{ do: 'say', text: 'Done.' }] } });
    const first = await host.run(spec('codex'));
    const { log } = await follow(first.jobId, { executor: 'tiny' });
    expect(log).toContain(`goes on from job ${first.jobId}, which the executor is told of: codex did that job`);
  });

  it('is gone with a deleted job, which nobody goes on from', async () => {
    await open();
    const { jobId } = await host.run(spec('codex'));
    must(await host.relay.delete({ jobId, origin: 'cli' }));
    const gone = { ok: false, error: { kind: 'notFound' } };
    for (const origin of ['cli', 'mcp'] as const) {
      expect(await host.relay.followUp({ jobId, task: { title: 'Next' }, origin })).toMatchObject(gone);
      expect(await host.relay.retry({ jobId, origin })).toMatchObject(gone);
      expect(await host.relay.rebase({ jobId, origin })).toMatchObject(gone);
    }
  });

  it('is not told of where a follow-up of a deleted job is retried, and neither is its summary', async () => {
    await open();
    const first = await host.run(spec('codex'));
    const { job } = await follow(first.jobId);
    must(await host.relay.delete({ jobId: first.jobId, origin: 'cli' }));
    const again = await host.ended(must(await host.relay.retry({ jobId: job.jobId, origin: 'cli' })).jobId);
    expect((await host.artifact(again.jobId, 'logs.txt')).toString()).toContain('that job was deleted');
    // A thread that begins is given its prompt as its answer: the summary of the first job would stand in it.
    expect(again.summary).toContain('## Before');
    expect(again.summary).not.toContain(first.summary ?? 'a summary');
  });

  it('goes with its job', async () => {
    await open();
    const first = await host.run(spec('codex'));
    must(await host.relay.delete({ jobId: first.jobId, origin: 'cli' }));
    expect(kept()).toEqual([]);
  });

  it('is not kept where a secret stands in what was said', async () => {
    await open({ env: { GIVEN: 'kV9-given-to-executors-77' } });
    const first = await host.run(spec('codex'));
    expect(first.state).toBe('SUCCEEDED');
    expect(first.summary).not.toContain('kV9');
    expect(kept()).toEqual([]);
    expect(ofCodex()).toEqual([]);
  });

  it('is not kept where the user drops threads', async () => {
    await open({ threads: 'drop' });
    await host.run(spec('codex'));
    expect(kept()).toEqual([]);
  });

  it('is the agent’s own to keep where it speaks ACP', async () => {
    await open({ tiny: { load: { answer: null }, steps: [{ do: 'say', text: 'Done.' }] } });
    const first = await host.run(spec('tiny'));
    const { job, log } = await follow(first.jobId);
    expect(log).toContain('in its thread (session-1)');
    expect(job.summary).toContain('session/load');
    expect(job.summary).toContain('You go on from your own earlier work');
    expect(kept()).toEqual([]);
  });

  it('is told to an ACP agent that loads none', async () => {
    await open({ tiny: { steps: [{ do: 'say', text: 'Done.' }] } });
    const first = await host.run(spec('tiny'));
    const { log } = await follow(first.jobId);
    expect(log).toContain('the thread could not be taken up');
  });
});
