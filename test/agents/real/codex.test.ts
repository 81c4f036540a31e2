import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { ExecutorSettings } from '../../../src/domain/executorSettings.ts';
import type { JobId } from '../../../src/domain/ids.ts';
import type { JobSpec } from '../../../src/domain/jobSpec.ts';
import { codexExecutor } from '../../../src/executors/codex/codex.ts';
import type { JobView } from '../../../src/protocol/jobView.ts';
import { must, openTestHost, type TestHost } from '../../fixtures/testHost.ts';
import { codexConfiguration } from '../agentsBed.ts';
import { codexScenarios, NO_NAMESPACES } from '../codex.ts';
import { layGround, type Ground } from '../ground.ts';
import { call, refuse, say, type Script } from '../model/script.ts';
import { startModel, type ScriptedModel } from '../model/server.ts';
import { conflicting, proposal, RESET } from '../scenario.ts';
import { describeWith } from './withProgram.ts';

/** Whole jobs: a relay, the real codex with a sign-in of its own, and a model that says what the test wants. */
describeWith('codex', (executable) => {
  let ground: Ground;
  let host: TestHost | undefined;
  let model: ScriptedModel | undefined;

  beforeEach(() => {
    ground = layGround();
    const env = { PATH: process.env['PATH'], HOME: ground.home, CODEX_HOME: ground.config };
    execFileSync(executable, ['login', '--with-api-key'], {
      env,
      input: 'nobodys-key-of-some-length\n',
      stdio: 'pipe',
    });
  });
  afterEach(async () => {
    await host?.close();
    await model?.close();
    expect(host?.complaints ?? []).toEqual([]);
    [host, model] = [undefined, undefined];
    ground.remove();
  });

  interface Opened {
    readonly host: TestHost;
    readonly model: ScriptedModel;
  }

  async function open(script: Script, program = executable, more = ''): Promise<Opened> {
    model = await startModel(script);
    ground.place('config/config.toml', `${codexConfiguration(model.url)}\n${more}`);
    host = await openTestHost({
      directory: ground.repository,
      cache: join(ground.root, 'cache'),
      environment: { CODEX_HOME: ground.config, TZ: 'UTC' },
      executorSettings: () => ({ codex: { program } }),
    });
    return { host, model };
  }

  function specOf(execution: JobSpec['execution'] = {}, more: Partial<JobSpec> = {}): JobSpec {
    return { task: { title: 'Let greet say Hi' }, execution: { executor: 'codex', ...execution }, ...more };
  }

  async function run(
    script: Script,
    spec: JobSpec,
    program?: string,
    more?: string,
  ): Promise<{ job: JobView } & Opened> {
    const opened = await open(script, program, more);
    const job = await opened.host.run(spec);
    expect(commandsOf(job.jobId)).toEqual([]);
    return { job, ...opened };
  }

  const editing = { sandbox: 'workspace-write' } as const;

  it('edits the checkout, and git makes the patch', async () => {
    const { job, host } = await run(codexScenarios.success.script, specOf(editing));
    expect(job).toMatchObject({ state: 'SUCCEEDED', summary: 'It says hi.', attempt: 1, executor: 'codex' });
    expect(job.usage).toMatchObject({ inputTokens: 1300, cachedInputTokens: 1000, outputTokens: 40, turns: 1 });
    expect(job.files).toMatchObject([{ path: 'greet.js', kind: 'modified' }]);
    expect((await host.artifact(job.jobId, 'patch.diff')).toString()).toContain(
      '+export const greet = (name) => `Hi, ',
    );
    const log = (await host.artifact(job.jobId, 'logs.txt')).toString();
    expect(log).toContain('agent  | edit: greet.js (update)');
    expect(log).toContain('agent  | says: It says hi.');
    expect((await host.artifact(job.jobId, 'stream.jsonl')).toString()).toContain('turn.completed');
    expect((await host.artifact(job.jobId, 'certificate.json')).toString()).toContain('0.169.0');
    expect(readFileSync(join(ground.repository, 'greet.js'), 'utf8')).toContain('Hello');
  });

  it('proposes, and the relay makes the change', async () => {
    const whole = { ...proposal, summary: 'Greets shortly.' };
    const { job, host, model } = await run([say(JSON.stringify(whole))], specOf());
    expect(job).toMatchObject({ state: 'SUCCEEDED', summary: 'Greets shortly.' });
    expect(job.files.map(({ path, kind }) => [path, kind])).toEqual([
      ['README.md', 'deleted'],
      ['greet.js', 'modified'],
      ['test/greet.test.js', 'added'],
    ]);
    const told = (await host.artifact(job.jobId, 'out.md')).toString();
    expect(told).toContain(proposal.testPlan);
    expect(told).toContain(proposal.notes);
    // The user's own sign-in, and the schema that the answer is held to.
    const [asked] = model.requests;
    expect(asked?.headers['authorization']).toBe('Bearer nobodys-key-of-some-length');
    expect(JSON.stringify(asked?.body)).toContain('"codex_output_schema"');
    expect(globSync(join(ground.config, 'sessions/**/*.jsonl'))).toEqual([]);
  });

  it('takes several turns, and tells each command', async () => {
    const { job, host } = await run(codexScenarios['several-turns'].script, specOf(editing));
    expect(job).toMatchObject({ state: 'SUCCEEDED', usage: { inputTokens: 400, outputTokens: 40 } });
    expect((await host.artifact(job.jobId, 'logs.txt')).toString()).toMatch(/agent  \| run: cat greet\.js → exit 0 \(/);
  });

  it('has a proposal that does not fit mended, by what git said of it', async () => {
    const script = [say(JSON.stringify(conflicting)), say(JSON.stringify(proposal))];
    const { job, model } = await run(script, specOf());
    expect(job).toMatchObject({ state: 'SUCCEEDED', attempt: 1, usage: { inputTokens: 200, turns: 2 } });
    const [first, second] = model.requests.map((request) => request.conversation?.prompt ?? '');
    expect(first).not.toContain('Good morning');
    expect(second).toContain('Good morning');
    expect(second).toMatch(/greet\.js/);
  });

  it.each([
    ['CONFLICT', JSON.stringify(conflicting)],
    ['BAD_ARTIFACTS', 'I would change "Hello" to "Hi".'],
  ])('fails with %s where it is never mended', async (reasonCode, answer) => {
    const { job, model } = await run([say(answer)], specOf());
    expect(job).toMatchObject({ state: 'FAILED', reasonCode });
    expect(job.message).toContain('not even at the second try');
    expect(model.requests).toHaveLength(2);
  });

  it.each([
    ['denied-edit', editing, /none of its edits was made: patch rejected: writing outside of the project/],
    ['wrong-patch', editing, /none of its edits was made: apply_patch verification failed/],
    ['unauthorized', {}, /not signed in.*401 Unauthorized.*Sign in: codex login\./],
    ['server-error', {}, /provider of codex had an error.*Retry the job later\./],
    ['malformed', {}, /answer broke off: stream disconnected/],
  ] as const)('fails as a person can read: %s', async (scenario, execution, message) => {
    const { job } = await run(codexScenarios[scenario].script, specOf(execution));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
    expect(job.message).toMatch(message);
    expect(existsSync('/etc/not-for-codex.txt')).toBe(false);
    const names = job.artifacts.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['logs.txt', 'stream.jsonl']));
    expect(names).not.toContain('patch.diff');
  });

  it('tries once more where that may help, and not where nobody has signed in', async () => {
    const tries = { ...editing, maxAttempts: 2 };
    const { job } = await run([refuse(500), ...codexScenarios.success.script], specOf(tries));
    expect(job).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    await host?.close();
    await model?.close();
    const denied = await run([refuse(401)], specOf(tries));
    expect(denied.job).toMatchObject({ state: 'FAILED', attempt: 1 });
  });

  it('holds its jobs until the limit of its provider is reset', async () => {
    const { host, model } = await open(codexScenarios['rate-limit'].script);
    const { jobId } = must(await host.submit(specOf()));
    await model.asked;
    await host.until(jobId, ({ state, stateVersion }) => state === 'QUEUED' && stateVersion > 1);
    const { executors } = must(await host.relay.executors({ anew: false }));
    const codex = executors.find(({ name }) => name === 'codex');
    expect(codex?.heldBecause).toMatch(/usage limit.*Jan 1st, 2100/);
    expect(codex?.heldUntil).toBeGreaterThan(systemClock.now() + 5 * 3_600_000);
    expect(RESET * 1000).toBeGreaterThan(codex?.heldUntil ?? Infinity);
    expect(commandsOf(jobId)).toEqual([]);
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
  });

  it('is canceled while its model never answers', async () => {
    const { host, model } = await open(codexScenarios['never-answering'].script);
    const { jobId } = must(await host.submit(specOf()));
    await model.asked;
    const started = systemClock.monotonic();
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
    expect(await host.sealed(jobId)).toMatchObject({ state: 'CANCELED' });
    expect(systemClock.monotonic() - started).toBeLessThan(3000);
    expect(commandsOf(jobId)).toEqual([]);
  });

  it('leaves no process of a tool that went into a session of its own, done or canceled', async () => {
    const { job, host } = await run(
      codexScenarios['forking-tool'].script,
      specOf({ ...editing }, { allowEmpty: true }),
    );
    expect(job.state).toBe('SUCCEEDED');
    await host.close();
    await model?.close();
    const forks = call('exec_command', { cmd: 'setsid sleep 1000 & setsid sleep 1001' });
    const again = await open([forks, { kind: 'silent' }]);
    const { jobId } = must(await again.host.submit(specOf(editing)));
    await expect
      .poll(() => commandsOf(jobId).filter((line) => line.startsWith('sleep')), { timeout: 60_000 })
      .toHaveLength(2);
    must(await again.host.relay.cancel({ jobId, origin: 'cli' }));
    expect(await again.host.sealed(jobId)).toMatchObject({ state: 'CANCELED' });
    expect(commandsOf(jobId)).toEqual([]);
  });

  it('says that its sandbox cannot start', async () => {
    const words = [...NO_NAMESPACES, executable].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const program = ground.place('codex', `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
    execFileSync('chmod', ['+x', program]);
    const { job } = await run(codexScenarios['failed-sandbox'].script, specOf(editing), program);
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
    expect(job.message).toMatch(/could not start its sandbox.*bwrap: .*user namespaces/);
  });

  it("leaves out the user's rules, which let a command out of the sandbox", async () => {
    const outside = join(ground.root, 'outside.txt');
    ground.place('config/rules/default.rules', 'prefix_rule(pattern=["touch"], decision="allow")\n');
    const script = [call('exec_command', { cmd: `touch ${outside}` }), say(JSON.stringify(proposal))];
    const { job } = await run(script, specOf());
    expect(job.state).toBe('SUCCEEDED');
    expect(existsSync(outside)).toBe(false);
  });

  it("starts none of the user's MCP servers, which are in no sandbox", async () => {
    const started = join(ground.root, 'started.txt');
    const server = `[mcp_servers.toucher]\ncommand = "touch"\nargs = ["${started}"]\n`;
    const { job } = await run([say(JSON.stringify(proposal))], specOf(), executable, server);
    expect(job.state).toBe('SUCCEEDED');
    expect(existsSync(started)).toBe(false);
  });

  it("is told the repository's conventions once, and the user's own", async () => {
    ground.place('repository/AGENTS.md', 'The word of this repository is xylophone.\n');
    const git = (...args: string[]) => execFileSync('git', ['-C', ground.repository, ...args], { stdio: 'pipe' });
    git('add', 'AGENTS.md');
    git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', 'commit', '-qm', 'conventions');
    ground.place('config/AGENTS.md', 'The word of this user is zither.\n');
    const { model } = await run([say(JSON.stringify(proposal))], specOf());
    const text = JSON.stringify(model.requests[0]?.body);
    expect(text.split('xylophone')).toHaveLength(2);
    expect(text.split('zither')).toHaveLength(2);
  });

  it('is probed within three seconds, without the network', async () => {
    ground.place('config/config.toml', 'check_for_update_on_startup = false\n');
    const settings = ExecutorSettings.parse({ codex: { program: executable } });
    const probed = async (config: string) => {
      const env = { PATH: process.env['PATH'] ?? '', HOME: ground.home, CODEX_HOME: config };
      const executor = codexExecutor({ clock: systemClock, settings: () => settings, environment: () => env });
      return executor.probe?.(new AbortController().signal);
    };
    const started = systemClock.monotonic();
    expect(await probed(ground.config)).toEqual({ state: 'ready', version: '0.169.0' });
    expect(systemClock.monotonic() - started).toBeLessThan(3000);
    expect(await probed(ground.home)).toMatchObject({ state: 'notSignedIn', version: '0.169.0' });
  });
});

/** The command lines of all processes that a job has started. */
function commandsOf(jobId: JobId): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const isIts = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`/${jobId}/`);
      return isIts ? readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').join(' ').trim() : [];
    } catch {
      // No process, or none any more.
      return [];
    }
  });
}
