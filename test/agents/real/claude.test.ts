import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../../src/domain/ids.ts';
import type { JobSpec } from '../../../src/domain/jobSpec.ts';
import type { JobView } from '../../../src/protocol/jobView.ts';
import { procfs } from '../../../src/process/procfs.ts';
import { expectNothingLeft } from '../../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory, write } from '../../fixtures/repository.ts';
import { must, openTestHost, type TestHost } from '../../fixtures/testHost.ts';
import { call, refuse, say, type Script } from '../model/script.ts';
import { startModel, type ScriptedModel } from '../model/server.ts';
import { RESET } from '../scenario.ts';
import { describeWith } from './withProgram.ts';

const GREETING = 'export const greet = (name) => `Hello, ${name}.`;\n';
const read = call('Read', { file_path: 'greet.js' });
const edit = call('Edit', { file_path: 'greet.js', old_string: 'Hello', new_string: 'Hi' });
const finish = call(
  'StructuredOutput',
  { summary: 'It says hi.', testPlan: 'Call greet.', notes: 'Shorter.' },
  { input: 1200, cached: 1000, output: 30 },
);

function proposal(oldText: string): Record<string, unknown> {
  const edits = [{ path: 'greet.js', oldText, newText: 'Hi' }];
  return { summary: 'It says hi.', edits, files: [], deletions: [], testPlan: 'Call greet.', notes: '' };
}

interface Bed {
  readonly directory: string;
  readonly host: TestHost;
  readonly model: ScriptedModel;
}

interface BedOptions {
  readonly claude?: Readonly<Record<string, unknown>>;
  readonly permissions?: 'allow';
  /** Of the user's settings of Claude Code, over a key in a variable. */
  readonly user?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Of the host, and let through. */
  readonly environment?: Readonly<Record<string, string>>;
}

const beds: Bed[] = [];

afterEach(async () => {
  for (const { directory, host, model } of beds.splice(0)) {
    await model.close();
    await host.close();
    await expectNothingLeft(host.host.places);
    removeDirectory(directory);
  }
});

describeWith('claude', (executable) => {
  /** A host with the real program, whose user has set up a gateway: the scripted model. */
  async function lay(script: Script, options: BedOptions = {}): Promise<Bed> {
    const directory = temporaryDirectory();
    const model = await startModel(script);
    const cache = join(directory, 'cache');
    const variables = options.variables ?? { ANTHROPIC_API_KEY: 'nobodys-key' };
    const env = { ANTHROPIC_BASE_URL: model.url, CLAUDE_CODE_MAX_RETRIES: '1', ...variables };
    write(join(cache, 'home', '.claude'), { 'settings.json': JSON.stringify({ env, ...options.user }) });
    const claude = { program: executable, model: 'claude-sonnet-4-5', ...options.claude };
    const { permissions, environment = {} } = options;
    const host = await openTestHost({
      directory: makeRepository(join(directory, 'repo'), { 'greet.js': GREETING, 'CLAUDE.md': 'Be brief.\n' }),
      cache,
      environment,
      environmentNames: () => Object.keys(environment),
      executorSettings: () => ({ claude, ...(permissions === undefined ? {} : { permissions }) }),
    });
    const bed = { directory, host, model };
    beds.push(bed);
    return bed;
  }

  const spec = (execution: JobSpec['execution'] = {}): JobSpec => ({
    task: { title: 'Greet shortly', description: 'Let greet say "Hi" instead of "Hello".' },
    execution: { executor: 'claude', ...execution },
  });

  const text = async (host: TestHost, jobId: JobId, name: 'logs.txt' | 'patch.diff' | 'out.md' | 'stream.jsonl') =>
    (await host.artifact(jobId, name)).toString('utf8');

  const names = ({ artifacts }: JobView) => artifacts.map(({ name }) => name).toSorted();

  describe('in agent mode', () => {
    it('edits in the slot, and git makes the patch', async () => {
      const { host, model } = await lay([read, edit, finish]);
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'SUCCEEDED', summary: 'It says hi.', executor: 'claude' });
      expect(job.files.map(({ path }) => path)).toEqual(['greet.js']);
      expect(job.usage).toMatchObject({ inputTokens: 1400, cachedInputTokens: 1000, outputTokens: 50, turns: 4 });
      expect(job.usage?.costUsd).toBeCloseTo(0.00225, 6);
      expect(names(job)).toEqual(['certificate.json', 'logs.txt', 'out.md', 'patch.diff', 'pr.json', 'stream.jsonl']);
      expect(await text(host, job.jobId, 'patch.diff')).toContain('+export const greet = (name) => `Hi, ${name}.`;');
      const log = await text(host, job.jobId, 'logs.txt');
      for (const line of ['read: greet.js', 'edit: greet.js', 'ended: success, 4 turns']) expect(log).toContain(line);
      expect(await text(host, job.jobId, 'out.md')).toMatch(/Call greet\.[\s\S]*Shorter\./);
      expect(await text(host, job.jobId, 'stream.jsonl')).toContain('claude_code_version');
      const first = model.requests.find(({ conversation }) => (conversation?.tools.length ?? 0) > 0);
      expect(first?.conversation?.tools.toSorted()).toEqual(
        ['Edit', 'Glob', 'Grep', 'Read', 'StructuredOutput', 'Write'].toSorted(),
      );
      expect(first?.conversation?.prompt).toContain('Be brief.');
      expect(first?.headers['x-api-key']).toBe('nobodys-key');
      for (const name of ['logs.txt', 'out.md', 'stream.jsonl'] as const)
        expect(await text(host, job.jobId, name)).not.toContain('nobodys-key');
    });

    it('takes no hook, permission or memory of the user’s, and their helper and model', async () => {
      const outside = join(temporaryDirectory(), 'outside.txt');
      const { host, model, directory } = await lay(
        [call('Write', { file_path: outside, content: 'no' }), read, edit, finish],
        {
          claude: { model: undefined },
          variables: {},
          user: {
            apiKeyHelper: 'echo helpers-key',
            model: 'claude-haiku-4-5',
            permissions: { allow: ['Write', 'Bash'], deny: [] },
            hooks: { SessionStart: [{ hooks: [{ type: 'command', command: 'touch hooked.txt' }] }] },
          },
        },
      );
      write(join(directory, 'cache', 'home', '.claude'), { 'CLAUDE.md': 'The user’s own memory.\n' });
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 1 });
      const first = model.requests.find(({ conversation }) => (conversation?.tools.length ?? 0) > 0);
      expect(first?.headers['x-api-key']).toBe('helpers-key');
      expect(first?.conversation?.model).toBe('claude-haiku-4-5');
      expect(JSON.stringify(first?.body)).not.toContain('own memory');
      expect(await text(host, job.jobId, 'logs.txt')).toContain(`denied: Write ${outside}`);
      expect(await text(host, job.jobId, 'out.md')).toContain('Denied to Claude Code: Write');
      expect(() => readFileSync(outside)).toThrow('ENOENT');
      removeDirectory(join(outside, '..'));
    });

    it('takes the sign-in that /login has stored', async () => {
      const { host, model, directory } = await lay([read, edit, finish], { variables: {} });
      const stored = { accessToken: 'nobodys-token', refreshToken: 'none', expiresAt: RESET * 1000 };
      const claudeAiOauth = { ...stored, scopes: ['user:inference', 'user:profile'], subscriptionType: 'pro' };
      write(join(directory, 'cache', 'home', '.claude'), { '.credentials.json': JSON.stringify({ claudeAiOauth }) });
      expect(await host.run(spec())).toMatchObject({ state: 'SUCCEEDED' });
      const first = model.requests.find(({ conversation }) => (conversation?.tools.length ?? 0) > 0);
      expect(first?.headers['authorization']).toBe('Bearer nobodys-token');
    });

    it('fails by name where denials left nothing', async () => {
      const { host } = await lay([call('Write', { file_path: '/etc/not-for-claude.txt', content: 'no' }), finish]);
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
      expect(job.message).toContain('Claude Code changed nothing: it was denied Write /etc/not-for-claude.txt.');
      expect(job.usage?.costUsd).toBeGreaterThan(0);
      expect(names(job)).toEqual(['logs.txt', 'out.md', 'stream.jsonl']);
    });

    it('fails after its turns, with what they used', async () => {
      const { host } = await lay([read], { claude: { maxTurns: 2 } });
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR', usage: { inputTokens: 200 } });
      expect(job.message).toContain('not done after 2 turns');
    });

    it('ends at its budget as POLICY', async () => {
      const { host } = await lay([call('Read', { file_path: 'greet.js' }, { input: 1_000_000, cached: 0, output: 9 })]);
      const job = await host.run(spec({ budget: { usd: 0.5 } }));
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', usage: { inputTokens: 1_000_000 } });
      expect(job.message).toMatch(/passed its budget: \$3\.\d+ were spent, and \$0\.5 were allowed/);
    });

    it('is stopped when its messages pass a budget of tokens', async () => {
      const turn = call('Read', { file_path: 'greet.js' }, { input: 60_000, cached: 0, output: 9 });
      const { host, model } = await lay([turn, turn, { kind: 'silent' }]);
      const job = await host.run(spec({ budget: { tokens: 100_000 } }));
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', usage: { inputTokens: 120_000 } });
      expect(job.message).toContain('100000 were allowed');
      expect(model.requests.length).toBeLessThanOrEqual(3);
    });

    it('has no command to run, unless the user allows all', async () => {
      const { host } = await lay([call('Bash', { command: 'touch made.txt' }), finish]);
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'BAD_ARTIFACTS' });
      expect(await text(host, job.jobId, 'logs.txt')).toContain('failed: Bash: Error: No such tool available: Bash');
    });

    it('leaves no process, also of a command that flees into a session of its own', async () => {
      const flee = 'setsid sleep 1000 >/dev/null 2>&1 & echo $! > pid.txt';
      const { host } = await lay([call('Bash', { command: flee }), finish], { permissions: 'allow' });
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'SUCCEEDED' });
      expect((await procfs.marked(`${host.host.places.recordId}/${job.jobId}`)).map(({ pid }) => pid)).toEqual([]);
      const pid = Number(/^\+(\d+)$/m.exec(await text(host, job.jobId, 'patch.diff'))?.[1]);
      expect((await procfs.rows()).map((row) => row.pid)).not.toContain(pid);
    });

    it('is canceled while it waits for an answer', async () => {
      const { host, model } = await lay([{ kind: 'silent' }]);
      const { jobId } = must(await host.submit(spec()));
      await model.asked;
      must(await host.relay.cancel({ jobId, origin: 'cli' }));
      const job = await host.sealed(jobId);
      expect(job).toMatchObject({ state: 'CANCELED' });
      expect((await procfs.marked(`${host.host.places.recordId}/${job.jobId}`)).map(({ pid }) => pid)).toEqual([]);
    });
  });

  describe('read-only', () => {
    const asking = spec({ sandbox: 'read-only' });

    it('proposes, and the relay makes the change', async () => {
      const { host, model } = await lay([read, call('StructuredOutput', proposal('Hello'))]);
      const job = await host.run(asking);
      expect(job).toMatchObject({ state: 'SUCCEEDED', summary: 'It says hi.', fileCount: 1 });
      expect(await text(host, job.jobId, 'logs.txt')).toContain('carried out: 1 edits');
      const first = model.requests.find(({ conversation }) => (conversation?.tools.length ?? 0) > 0);
      expect(first?.conversation?.tools.toSorted()).toEqual(['Glob', 'Grep', 'Read', 'StructuredOutput']);
    });

    it('can write nothing', async () => {
      const write = call('Write', { file_path: 'greet.js', content: 'no' });
      const { host } = await lay([write, edit, call('StructuredOutput', proposal('Hello'))]);
      const job = await host.run(asking);
      expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 1 });
      expect(await text(host, job.jobId, 'logs.txt')).toMatch(/No such tool available: (Write|Edit)/);
    });

    it('mends a proposal that does not apply', async () => {
      const { host, model } = await lay([
        call('StructuredOutput', proposal('Good morning')),
        call('StructuredOutput', proposal('Hello')),
      ]);
      const job = await host.run(asking);
      expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 1, usage: { turns: 4 } });
      expect(await text(host, job.jobId, 'logs.txt')).toContain(
        'is asked for once more: edit 1: oldText does not occur',
      );
      const last = model.requests.findLast(({ conversation }) => (conversation?.tools.length ?? 0) > 0);
      expect(last?.conversation?.prompt).toContain('oldText does not occur in "greet.js"');
    });

    it('ends in CONFLICT where it never applies', async () => {
      const { host } = await lay([call('StructuredOutput', proposal('Good morning'))]);
      const job = await host.run(asking);
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'CONFLICT' });
      expect(job.message).toContain('not even at the second try');
    });

    it.each([
      ['text', say('I would change it.'), /is no JSON/],
      ['another shape', call('StructuredOutput', { edits: 'all' }), /another shape/],
    ])('ends in BAD_ARTIFACTS where it is never a proposal but %s', async (_, answer, message) => {
      const { host } = await lay([answer]);
      const job = await host.run(asking);
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'BAD_ARTIFACTS' });
      expect(job.message).toMatch(message);
    });
  });

  describe('where its provider does not answer as it should', () => {
    it('names a sign-in that is not taken, and tries no more', async () => {
      const { host } = await lay([refuse(401)]);
      const job = await host.run(spec({ maxAttempts: 3 }));
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR', attempt: 1 });
      expect(job.message).toMatch(/does not take the sign-in.*401.*sign in with \/login/);
      expect(await text(host, job.jobId, 'logs.txt')).toContain('retry 1 of 1 (401)');
    });

    it('names that nobody is signed in', async () => {
      const { host } = await lay([finish], { variables: {} });
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
      expect(job.message).toMatch(/Claude Code is not signed in.*\/login/);
    });

    it.each([
      [
        'a model that there is not',
        refuse(404, { error: { type: 'not_found_error' } }),
        /no such model.*preferredModel/,
      ],
      [
        'a bill that is not paid',
        refuse(400, { error: { message: 'Your credit balance is too low to access the API.' } }),
        /wants to be paid first: Credit balance is too low/,
      ],
    ])('names %s, and tries no more', async (_, refusal, message) => {
      const { host } = await lay([refusal]);
      const job = await host.run(spec({ maxAttempts: 3 }));
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR', attempt: 1 });
      expect(job.message).toMatch(message);
    });

    it('names a server that fails, after it was tried again', async () => {
      const { host } = await lay([refuse(500)]);
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
      expect(job.message).toMatch(/provider failed: API Error: 500/);
      expect(await text(host, job.jobId, 'logs.txt')).toContain('retry 1 of 1 (500)');
    });

    it('names an answer that breaks off', async () => {
      const { host } = await lay([{ kind: 'malformed' }]);
      const job = await host.run(spec());
      expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
      expect(job.message).toMatch(/malformed response/);
    });

    it('holds its queue until the reset that it is told', async () => {
      const headers = {
        'retry-after': '3600',
        'anthropic-ratelimit-unified-status': 'rejected',
        'anthropic-ratelimit-unified-reset': String(RESET),
        'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      };
      const { host } = await lay([refuse(429, { headers })], {
        variables: { CLAUDE_CODE_OAUTH_TOKEN: 'nobodys-token' },
      });
      const { jobId } = must(await host.submit(spec()));
      const job = await host.until(
        jobId,
        ({ state, stateVersion }) => state === 'FAILED' || (state === 'QUEUED' && stateVersion > 1),
      );
      expect(job).toMatchObject({ state: 'QUEUED' });
      const view = must(await host.relay.executors({ anew: false })).executors.find(({ name }) => name === 'claude');
      expect(view?.heldBecause).toMatch(/takes no more for now: You've hit your 5-hour limit/);
      must(await host.relay.cancel({ jobId, origin: 'cli' }));
    });
  });

  it('is ready, or not signed in, and says its version', async () => {
    const signedIn = await lay([finish]);
    const views = must(await signedIn.host.relay.executors({ anew: false })).executors;
    expect(views.find(({ name }) => name === 'claude')).toMatchObject({ state: 'ready', version: '2.1.330' });
    const withKey = await lay([finish], { variables: {}, environment: { ANTHROPIC_API_KEY: 'nobodys-key' } });
    const letThrough = must(await withKey.host.relay.executors({ anew: false })).executors;
    expect(letThrough.find(({ name }) => name === 'claude')).toMatchObject({ state: 'ready' });
    const nobody = await lay([finish], { variables: {} });
    const others = must(await nobody.host.relay.executors({ anew: false })).executors;
    expect(others.find(({ name }) => name === 'claude')).toMatchObject({ state: 'notSignedIn', version: '2.1.330' });
  });
});
