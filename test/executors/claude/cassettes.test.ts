import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Result } from '../../../src/base/result.ts';
import type { ExecutionRequest, ExecutorError, Report } from '../../../src/domain/executor.ts';
import { ExecutorSettings } from '../../../src/domain/executorSettings.ts';
import { newJobId } from '../../../src/domain/ids.ts';
import { JobSpec } from '../../../src/domain/jobSpec.ts';
import { claudeExecutor } from '../../../src/executors/claude/claude.ts';
import { decodeLine } from '../../../src/executors/claude/events.ts';
import { replayExecutor } from '../../../src/executors/replay.ts';
import { claudeScenarios } from '../../agents/claude.ts';
import { conflicting, proposal, RESET } from '../../agents/scenario.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { contextIn, type Asked } from '../asking.ts';
import { placePlayer, placeProgram, recorded, type Player } from '../player.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
  for (const name of ['slot', 'own', 'config']) mkdirSync(join(directory, name));
});
afterEach(() => removeDirectory(directory));

type Execution = NonNullable<JobSpec['execution']>;
type Name = keyof typeof claudeScenarios;

interface Ran {
  readonly done: Result<Report, ExecutorError>;
  readonly context: Asked;
  /** What it said for a person. */
  readonly told: readonly string[];
}

function requestOf(execution: Execution, more: Partial<ExecutionRequest> = {}): ExecutionRequest {
  return { jobId: newJobId(), attempt: 1, spec: JobSpec.parse({ task: { title: 'Say hi' }, execution }), ...more };
}

async function run(
  program: string,
  request: ExecutionRequest,
  settings: object = {},
  signal?: AbortSignal,
): Promise<Ran> {
  const parsed = ExecutorSettings.parse({ claude: { program, ...settings } });
  const executor = claudeExecutor({ clock: systemClock, settings: () => parsed, environment: () => ({}) });
  const context = contextIn(join(directory, 'slot'), signal);
  const env = { ...context.env, CLAUDE_CONFIG_DIR: join(directory, 'config') };
  const done = await executor.run(request, { ...context, own: join(directory, 'own'), env });
  const told = context.events.filter(({ stream }) => stream === 'agent').map(({ text }) => text);
  return { done, context, told };
}

const player = (scenario: Name): Player => placePlayer(directory, 'claude', scenario, '2.1.330 (Claude Code)');

function play(scenario: Name, more: Partial<ExecutionRequest> = {}): Promise<Ran> {
  return run(player(scenario).file, requestOf({ sandbox: claudeScenarios[scenario].mode }, more));
}

function errorOf({ done }: Ran): ExecutorError {
  if (done.ok) throw new Error('it is a success');
  return done.error;
}

const SESSION = '00000000-0000-4000-8000-000000000001';

describe('Claude Code that edits', () => {
  it('reports what it said, used and was told, and logs what it did', async () => {
    const { done, told, context } = await play('success');
    expect(done).toMatchObject({
      ok: true,
      value: {
        testPlan: 'Call greet and look at its first word.',
        notes: 'The word is shorter.',
        sessionId: SESSION,
        version: 'Claude Code 2.1.330',
        usage: {
          inputTokens: 1400,
          cachedInputTokens: 1000,
          outputTokens: 50,
          turns: 4,
          costUsd: 0.0022500000000000003,
        },
      },
    });
    expect(done.ok && done.value.proposal).toBeUndefined();
    expect(told).toEqual([
      `session ${SESSION}, Claude Code 2.1.330`,
      'read: greet.js',
      'edit: greet.js',
      'ended: success, 4 turns, $0.0023',
    ]);
    expect(context.raw).toEqual([
      ...recorded('claude', 'success').map(({ stream, text }) => ({ stream, text })),
      { exit: { kind: 'exited', exitCode: 0 } },
    ]);
  });

  it('counts each message once while it runs, and tells the true figures at its end', async () => {
    const { context } = await play('success');
    expect(context.used.map(({ inputTokens, turns }) => [inputTokens, turns])).toEqual([
      [100, 1],
      [200, 2],
      [1400, 3],
      [1400, 4],
    ]);
  });

  it('is given its prompt by stdin, and as tools those for files alone', async () => {
    const asking = player('success');
    const { done } = await run(asking.file, requestOf({ preferredModel: 'opus' }, { budget: { usd: 1.5 } }), {
      maxTurns: 7,
    });
    const { args, stdin, variables } = asking.asked();
    expect(stdin).toContain('# Say hi');
    expect(done).toMatchObject({ ok: true, value: { prompt: stdin } });
    expect(args.join(' ')).not.toContain('Say hi');
    expect(args).toEqual(
      expect.arrayContaining([
        '-p',
        '--restricted',
        '--safe-mode',
        '--strict-mcp-config',
        expect.stringMatching(/^--session-id=[0-9a-f-]{36}$/),
        '--permission-mode=acceptEdits',
        '--tools=Read,Grep,Glob,Edit,Write',
        '--max-turns=7',
        '--max-budget-usd=1.5',
        '--model=opus',
      ]),
    );
    expect(variables).toContain('DISABLE_AUTOUPDATER');
  });

  it('fails by name where denials left nothing', async () => {
    const ran = await play('denied-edit');
    expect(errorOf(ran)).toMatchObject({ kind: 'failed', usage: { turns: 3 } });
    expect(errorOf(ran)).toMatchObject({
      message: expect.stringContaining('changed nothing: it was denied Write /etc/not-for-claude.txt.') as unknown,
    });
    expect(ran.told).toContain(
      'denied: Write /etc/not-for-claude.txt (/etc/not-for-claude.txt is outside /work/repository; --restricted confines the file tools to the working directory.)',
    );
  });

  it('tells denials beside a good result in its notes', async () => {
    const lines = [...recorded('claude', 'denied-edit')].map(({ text }) => text);
    const edits = recorded('claude', 'success')
      .map(({ text }) => text)
      .filter((text) => text.includes('toolu_2_0'));
    const program = printing([...lines.slice(0, -1), ...edits, ...lines.slice(-1)]);
    const { done } = await run(program, requestOf({}));
    expect(done).toMatchObject({
      ok: true,
      value: { notes: 'The word is shorter.\n\nDenied to Claude Code: Write /etc/not-for-claude.txt.' },
    });
  });

  it('logs what failed in it, and goes on', async () => {
    const { done, told } = await play('wrong-edit');
    expect(done.ok).toBe(true);
    expect(told).toContain('failed: Edit: String to replace not found in file.\nString: Good morning');
    expect((await play('no-such-tool')).told).toContainEqual(
      expect.stringMatching(/^failed: Bash: .*No such tool available/),
    );
  });

  it('has its last words as the summary where it gave no answer of the shape', async () => {
    expect((await play('no-structured-output')).done).toMatchObject({ ok: true, value: { summary: 'It says hi.' } });
  });

  it('was not done after its turns', async () => {
    const error = errorOf(await run(player('max-turns').file, requestOf({}), { maxTurns: 2 }));
    expect(error).toMatchObject({ kind: 'failed', usage: { turns: 3, inputTokens: 200 } });
    expect(error).toMatchObject({ message: expect.stringMatching(/after 2 turns.*claude\.maxTurns/) as unknown });
  });

  it('stopped at its budget, with what the turn that was cut off used', async () => {
    expect(errorOf(await play('max-budget'))).toEqual({
      kind: 'spent',
      message: 'Claude Code stopped at its budget: Reached maximum budget ($0.5).',
      usage: { inputTokens: 1_000_000, cachedInputTokens: 0, outputTokens: 1000, turns: 1, costUsd: 3.015 },
    });
  });
});

describe('Claude Code that may only read', () => {
  it('gives a proposal of the schema, and its texts', async () => {
    const asking = player('proposal');
    const { done } = await run(asking.file, requestOf({ sandbox: 'read-only' }));
    expect(done).toMatchObject({ ok: true, value: { testPlan: proposal.testPlan, notes: proposal.notes } });
    expect(done.ok && JSON.parse(done.value.proposal ?? '')).toEqual(proposal);
    const { args } = asking.asked();
    expect(args).toEqual(expect.arrayContaining(['--permission-mode=plan', '--tools=Read,Grep,Glob']));
    const schema = args.find((text) => text.startsWith('--json-schema='))?.slice('--json-schema='.length) ?? '';
    expect(JSON.parse(schema)).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['edits']) as unknown,
    });
    expect(schema).not.toContain('$schema');
  });

  it('is told of an earlier proposal', async () => {
    const asking = player('proposal-conflict');
    const repair = { proposal: JSON.stringify(conflicting), message: 'oldText does not occur' };
    const { done } = await run(asking.file, requestOf({ sandbox: 'read-only' }, { repair }));
    expect(asking.asked().stdin).toContain('oldText does not occur');
    expect(done.ok && JSON.parse(done.value.proposal ?? '')).toEqual(conflicting);
  });

  it('gives what it has where that is no proposal: whoever carries it out says so', async () => {
    expect((await play('proposal-no-json')).done).toMatchObject({
      ok: true,
      value: { proposal: 'I would change "Hello" to "Hi".' },
    });
    expect((await play('proposal-wrong-schema')).done).toMatchObject({
      ok: true,
      value: { proposal: '{"notes":"There is no edit."}' },
    });
  });

  it('was tried again, and logs that', async () => {
    const { done, told } = await play('retried');
    expect(done.ok).toBe(true);
    expect(told).toContain('retry 1 of 1 (529)');
  });
});

describe('a provider that does not answer as it should', () => {
  it.each([
    ['unauthorized', 'unavailable', /does not take the sign-in: .*401.*Run "claude" in a terminal/],
    ['not-signed-in', 'unavailable', /Claude Code is not signed in.*sign in with \/login/],
    ['server-error', 'failed', /provider failed: API Error: 500/],
    ['malformed', 'failed', /provider failed: .*malformed response/],
    ['rate-limit', 'limited', /takes no more for now: You've hit your 5-hour limit/],
    ['rate-limit-key', 'limited', /takes no more for now: .*429/],
    ['never-answering', 'failed', /ended without a result \(ended by SIGTERM\)/],
  ] as const)('%s is %s', async (scenario, kind, message) => {
    const error = errorOf(await play(scenario));
    expect(error.kind).toBe(kind);
    expect('message' in error ? error.message : '').toMatch(message);
  });

  it('tells when it will take more, where it knows', async () => {
    expect(errorOf(await play('rate-limit'))).toHaveProperty('until', RESET * 1000);
    expect(errorOf(await play('rate-limit-key'))).not.toHaveProperty('until');
    const old = JSON.stringify({
      type: 'result',
      subtype: 'success',
      is_error: true,
      api_error_status: 429,
      result: `Claude AI usage limit reached|${String(RESET)}`,
    });
    expect(errorOf(await run(printing([old], 1), requestOf({})))).toHaveProperty('until', RESET * 1000);
  });
});

describe('a program that is not as it should be', () => {
  it('is not there', async () => {
    const error = errorOf(await run(join(directory, 'nowhere'), requestOf({})));
    expect(error.kind).toBe('unavailable');
    expect('message' in error ? error.message : '').toMatch(/did not start\. .*was not found/);
  });

  it('knows no option of ours', async () => {
    const program = placeProgram(
      directory,
      'claude',
      `console.error("error: unknown option '--restricted'"); process.exitCode = 1;`,
    );
    const error = errorOf(await run(program.file, requestOf({})));
    expect(error).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/too old.*claude update/) as unknown,
    });
  });

  it('ends without a result, whatever its exit code', async () => {
    const all = recorded('claude', 'success').map(({ text }) => text);
    const error = errorOf(await run(printing(all.slice(0, -1)), requestOf({})));
    expect(error).toMatchObject({ kind: 'failed', usage: { turns: 3 } });
    expect('message' in error ? error.message : '').toMatch(/ended without a result \(exit code 0\)/);
  });

  it('ends badly after a good result', async () => {
    const all = recorded('claude', 'success').map(({ text }) => text);
    const error = errorOf(await run(printing(all, 3), requestOf({})));
    expect('message' in error ? error.message : '').toMatch(/and then ended badly \(exit code 3\)/);
  });

  it('prints what is no event: it is kept in the log and fails nothing', async () => {
    const all = recorded('claude', 'success').map(({ text }) => text);
    const program = printing(['no JSON at all', '{"type":"new","subtype":"thing"}', '{"half":', ...all]);
    const { done, context, told } = await run(program, requestOf({}));
    expect(done.ok).toBe(true);
    expect(told).toContain('event: new/thing');
    expect(context.events).toContainEqual({ stream: 'stdout', text: 'no JSON at all' });
    expect(context.events).toContainEqual({ stream: 'stdout', text: '{"half":' });
  });

  it('is ended by the signal', async () => {
    const stop = new AbortController();
    const program = placeProgram(directory, 'claude', `process.stdin.resume(); setInterval(() => undefined, 1e6);`);
    const running = run(program.file, requestOf({}), {}, stop.signal);
    stop.abort();
    expect(errorOf(await running)).toEqual({ kind: 'aborted' });
  });
});

it('is played from a cassette without its program', async () => {
  const cassette = join(import.meta.dirname, '..', 'cassettes', 'claude', 'proposal.jsonl');
  const settings = ExecutorSettings.parse({ claude: { program: join(directory, 'nowhere') } });
  const claude = claudeExecutor({ clock: systemClock, settings: () => settings, environment: () => ({}) });
  const context = contextIn(join(directory, 'slot'));
  const done = await replayExecutor([claude]).run(requestOf({ cassette }), context);
  expect(done.ok && JSON.parse(done.value.proposal ?? '')).toEqual(proposal);
});

describe('the user’s settings', () => {
  async function kept(settings: string): Promise<unknown> {
    writeFileSync(join(directory, 'config', 'settings.json'), settings);
    await play('success');
    return JSON.parse(readFileSync(join(directory, 'own', 'claude.settings.json'), 'utf8'));
  }

  it('count as far as they sign in and forbid', async () => {
    const taken = { apiKeyHelper: 'helper', env: { ANTHROPIC_BASE_URL: 'http://gateway' }, model: 'opus' };
    const left = { hooks: { Stop: [] }, enabledPlugins: { x: true }, additionalDirectories: ['/'] };
    const permissions = { allow: ['Bash'], deny: ['Read(.env)'], defaultMode: 'bypassPermissions' };
    expect(await kept(JSON.stringify({ ...taken, ...left, permissions }))).toEqual({
      ...taken,
      permissions: { deny: ['Read(.env)'] },
    });
  });

  it.each(['', 'no JSON', '[]', '{"apiKeyHelper":1}'])('are as none where they are %j', async (settings) => {
    expect(await kept(settings)).toEqual({});
  });
});

it('reads every line of every recording as an event that it knows', () => {
  const unknown = (Object.keys(claudeScenarios) as Name[]).flatMap((scenario) =>
    recorded('claude', scenario)
      .filter(({ stream }) => stream === 'stdout')
      .map(({ text }) => decodeLine(text))
      .filter(({ kind }) => kind === 'unreadable' || kind === 'other'),
  );
  expect([...new Set(unknown.map((event) => (event.kind === 'other' ? event.name : event.kind)))]).toEqual([]);
});

function printing(lines: readonly string[], exitCode = 0): string {
  const text = JSON.stringify(`${lines.join('\n')}\n`);
  const script = `process.stdin.resume().on('end', () => process.stdout.write(${text})); process.exitCode = ${String(exitCode)};`;
  return placeProgram(directory, 'claude', script).file;
}
