import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost, printed, type TestHost } from '../fixtures/testHost.ts';

/** Of no known form, so that nothing but its being given tells that it is a secret. */
const VALUE = 'plain words+that/nobody=knows';
const MANY = 'X-Key: first line\nsecond "line" of it';

let directory: string;
let host: TestHost;
let names: unknown;

beforeAll(async () => {
  directory = temporaryDirectory();
  const repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n', 'known.txt': 'production\n' });
  host = await openTestHost({
    directory: repository,
    cache: join(directory, 'cache'),
    environment: { AGENT_KEY: VALUE, HEADERS: MANY, STAGE: 'production', SHORT: 'seven77', GIT_TRACE: '0', OTHER: 'x' },
    environmentNames: () => names,
  });
});
beforeEach(() => {
  names = ['AGENT_KEY', 'HEADERS', 'STAGE', 'SHORT'];
});
afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

/** The job, its log, and all that is served of it as one text. */
async function run(line: string, more: Partial<JobSpec> = {}): Promise<{ job: JobView; log: string; all: string }> {
  const job = await host.run(command(line, { allowEmpty: true, ...more }));
  const texts = await Promise.all(job.artifacts.map(async ({ name }) => host.artifact(job.jobId, name)));
  const log = (await host.artifact(job.jobId, 'logs.txt')).toString();
  return { job, log, all: `${JSON.stringify(job)}\n${Buffer.concat(texts).toString()}` };
}

describe('variables that are let through by name', () => {
  it('are there for executor, setup and gates, as the setting is at that moment', async () => {
    const there = 'test -n "$AGENT_KEY" && test -z "$OTHER"';
    const { job } = await run(there, { setup: there, checks: [{ name: 'gate', run: there }] });
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(job.checks.at(-1)).toMatchObject({ verdict: 'pass' });
    names = [];
    expect((await run('test -z "$AGENT_KEY"')).job.state).toBe('SUCCEEDED');
    names = ['OTHER'];
    expect((await run('test -z "$AGENT_KEY" && test -n "$OTHER"')).job.state).toBe('SUCCEEDED');
  });

  it('are in the certificate by their names alone', async () => {
    const { job, all } = await run('echo more >> a.txt');
    const certificate = (await host.artifact(job.jobId, 'certificate.json')).toString();
    expect(certificate).toContain('"AGENT_KEY"');
    expect(all).not.toContain(VALUE);
    expect(must(await host.relay.verify({ jobId: job.jobId }))).toMatchObject({ holds: true });
  });

  it('and wrong entries are told once in the log, while the others count', async () => {
    names = ['AGENT_KEY', 'GIT_TRACE', 'KEY=hunter22', 7];
    const { log } = await run('env | cut -d= -f1');
    expect(printed(Buffer.from(log)).split('\n')).toContain('AGENT_KEY');
    expect(printed(Buffer.from(log)).split('\n')).not.toContain('GIT_TRACE');
    await run('true');
    const told = host.complaints.join('\n');
    expect(told.match(/\\"GIT_TRACE\\" is not let through: it belongs to the process/g)).toHaveLength(1);
    expect(told).toContain('\\"KEY\\" is not let through');
    expect(told).toContain('Entry 4 is not let through');
    expect(told).not.toContain('hunter22');
  });
});

describe('their values', () => {
  it('are taken out of what a job printed, in any form, and the job is none the worse', async () => {
    const line = 'echo "key: $AGENT_KEY"; printf %s "$AGENT_KEY" | base64; echo "$HEADERS"; echo more >> a.txt';
    const { job, log, all } = await run(line);
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(printed(Buffer.from(log)).split('\n')).toEqual([
      'key: [redacted: value of AGENT_KEY]',
      expect.stringMatching(/^\[redacted: value of AGENT_KEY\].{0,4}$/),
      '[redacted: value of HEADERS]',
      '[redacted: value of HEADERS]',
    ]);
    for (const secret of [VALUE, Buffer.from(VALUE).toString('base64'), ...MANY.split('\n')])
      expect(all).not.toContain(secret);
    expect(job.checks.find(({ name }) => name === 'secrets')).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining('Taken out of what was printed: value of AGENT_KEY in logs.txt') as unknown,
    });
    expect(must(await host.relay.verify({ jobId: job.jobId }))).toMatchObject({ holds: true });
    expect(must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }))).toBeDefined();
    must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
  });

  it('cost no job where a program says them without end', async () => {
    const { job, all } = await run('for i in $(seq 3000); do echo "$i $AGENT_KEY"; done; echo more >> a.txt');
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(all).not.toContain(VALUE);
  });

  it('are taken out of what gates print, and of a job that fails, or is stopped', async () => {
    const gate = { name: 'gate', run: 'echo "$AGENT_KEY"; exit 1', must: 'pass' as const };
    const { job, all } = await run('true', { checks: [gate] });
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'ACCEPTANCE' });
    expect(all).not.toContain(VALUE);
    const output = (await host.checkOutput(job.jobId, 'gate')).toString();
    expect(output).toContain('[redacted: value of AGENT_KEY]');
    const failed = await run('echo "no $AGENT_KEY" >&2; exit 1');
    expect(failed.job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
    expect(failed.job.message).toContain('no [redacted: value of AGENT_KEY]');
    expect(failed.all).not.toContain(VALUE);
    const { jobId } = must(await host.submit(command('echo "$AGENT_KEY"; echo up; sleep 1000')));
    await host.logged(jobId, 'up');
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
    await host.sealed(jobId);
    expect((await host.artifact(jobId, 'logs.txt')).toString()).not.toContain(VALUE);
  });

  it('fail a job whose patch has one: no patch can be served without it', async () => {
    const { job, all } = await run('echo "key = $AGENT_KEY" > config.ini');
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(job.message).toMatch(/value of AGENT_KEY in "config\.ini", line 1/);
    expect(all).not.toContain(VALUE);
    const content = must(await host.relay.content({ jobId: job.jobId, path: 'config.ini', side: 'after' }));
    expect(JSON.stringify(content)).not.toContain(Buffer.from(VALUE).toString('base64').slice(4, 20));
  });

  it('are none where they are short, or where the repository has them already', async () => {
    const { job, log } = await run('echo "$SHORT $STAGE" | tee b.txt');
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(printed(Buffer.from(log))).toBe('seven77 production');
  });
});
