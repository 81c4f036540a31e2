import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Result } from '../../../src/base/result.ts';
import type { ExecutionRequest, ExecutorError, Report } from '../../../src/domain/executor.ts';
import { ExecutorSettings } from '../../../src/domain/executorSettings.ts';
import { newJobId } from '../../../src/domain/ids.ts';
import { JobSpec } from '../../../src/domain/jobSpec.ts';
import { codexExecutor } from '../../../src/executors/codex/codex.ts';
import { codexScenarios } from '../../agents/codex.ts';
import { conflicting, proposal, RESET } from '../../agents/scenario.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { contextIn, type Asked } from '../asking.ts';
import { placePlayer, placeProgram, recorded, type Player } from '../player.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
  for (const name of ['slot', 'own']) mkdirSync(join(directory, name));
});
afterEach(() => removeDirectory(directory));

interface Ran {
  readonly done: Result<Report, ExecutorError>;
  readonly context: Asked;
  /** What it said for a person. */
  readonly told: readonly string[];
}

type Execution = NonNullable<JobSpec['execution']>;

function requestOf(execution: Execution, more: Partial<JobSpec> = {}): ExecutionRequest {
  return { jobId: newJobId(), attempt: 1, spec: JobSpec.parse({ task: { title: 'Say hi' }, execution, ...more }) };
}

async function run(
  program: string,
  request: ExecutionRequest,
  signal?: AbortSignal,
  onRaw?: (text: string) => void,
): Promise<Ran> {
  const settings = ExecutorSettings.parse({ codex: { program } });
  const executor = codexExecutor({ clock: systemClock, settings: () => settings, environment: () => ({}) });
  const asked = contextIn(join(directory, 'slot'), signal);
  const context = {
    ...asked,
    own: join(directory, 'own'),
    onRaw: (line: Parameters<Asked['onRaw']>[0]) => {
      asked.onRaw(line);
      if ('text' in line) onRaw?.(line.text);
    },
  };
  const done = await executor.run(request, context);
  return {
    done,
    context: asked,
    told: asked.events.filter(({ stream }) => stream === 'agent').map(({ text }) => text),
  };
}

type Name = keyof typeof codexScenarios;

const player = (scenario: Name): Player => placePlayer(directory, 'codex', scenario, 'codex-cli 0.169.0');

function play(scenario: Name, more: Partial<JobSpec> = {}): Promise<Ran> {
  return run(player(scenario).file, requestOf({ sandbox: codexScenarios[scenario].mode }, more));
}

function expectError(done: Ran['done'], kind: ExecutorError['kind'], message: RegExp): void {
  if (done.ok) throw new Error('it is a success');
  expect(done.error.kind).toBe(kind);
  expect('message' in done.error ? done.error.message : '').toMatch(message);
}

const SESSION = '00000000-0000-4000-8000-000000000001';

describe('codex that edits', () => {
  it('reports what it said, used and was told, and logs what it did', async () => {
    const { done, context, told } = await play('success');
    const usage = { inputTokens: 1300, cachedInputTokens: 1000, outputTokens: 40, turns: 1 };
    expect(done).toMatchObject({
      ok: true,
      value: { summary: 'It says hi.', sessionId: SESSION, version: '0.169.0', usage },
    });
    expect(done.ok && done.value.proposal).toBeUndefined();
    expect(context.used).toEqual([usage]);
    expect(told).toEqual([
      expect.stringMatching(/^warns: Model metadata for `scripted` not found/),
      'edit: /work/repository/greet.js (update)',
      'says: It says hi.',
    ]);
    const onStdout = recorded('codex', 'success').filter(({ stream }) => stream === 'stdout');
    expect(context.raw).toEqual([...onStdout, { exit: { kind: 'exited', exitCode: 0 } }]);
  });

  it('tells the version of a program that answers only when its run is over', async () => {
    const { file } = placeProgram(
      directory,
      'codex',
      `const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const pid = ${JSON.stringify(join(directory, 'pid'))};
const asked = ${JSON.stringify(join(directory, 'version'))};
const when = (met, act) => (met() ? act() : setTimeout(when, 5, met, act));
const isOver = () => {
  try { return !process.kill(Number(readFileSync(pid, 'utf8')), 0); } catch { return true; }
};
if (process.argv[2] === '--version') {
  writeFileSync(asked, '');
  when(() => existsSync(pid) && isOver(), () => setTimeout(() => console.log('codex-cli 1.2.3'), 300));
} else {
  console.log('{"type":"turn.completed"}');
  when(() => existsSync(asked), () => writeFileSync(pid, String(process.pid)));
}`,
    );
    const { done } = await run(file, requestOf({ sandbox: 'workspace-write' }));
    expect(done).toMatchObject({ ok: true, value: { version: '1.2.3' } });
  });

  it('logs commands with their ends', async () => {
    const { done, told } = await play('several-turns');
    expect(done.ok).toBe(true);
    expect(told).toContainEqual(expect.stringMatching(/^run: cat greet\.js → exit 0 \(\d+\.\d s\)$/));
    expect(told).toContainEqual(expect.stringMatching(/^run: exit 3 → exit 3 \(/));
  });

  it.each(['no-change', 'denied-command', 'forking-tool', 'signed-in'] as const)(
    'leaves it to the patch: %s',
    async (scenario) => {
      expect((await play(scenario)).done.ok).toBe(true);
    },
  );

  it.each([
    ['denied-edit', 'failed', /none of its edits was made: patch rejected: writing outside of the project/],
    [
      'wrong-patch',
      'failed',
      /none of its edits was made: apply_patch verification failed: Failed to find expected lines/,
    ],
    [
      'failed-sandbox',
      'unavailable',
      /could not start its sandbox.*bwrap: Creating new namespace failed.*user namespaces/,
    ],
  ] as const)('fails where it exits with 0 and has done nothing: %s', async (scenario, kind, message) => {
    const { done } = await play(scenario);
    expectError(done, kind, message);
  });
});

describe('codex that only reads', () => {
  it('gives its answer as the proposal, with its parts', async () => {
    const { done, context } = await play('proposal');
    const { testPlan, notes } = proposal;
    expect(done).toMatchObject({ ok: true, value: { proposal: JSON.stringify(proposal), testPlan, notes } });
    expect(context.used.at(-1)).toMatchObject({ inputTokens: 1000, outputTokens: 130 });
  });

  it('passes on an answer that is no proposal: the relay has it mended', async () => {
    const { done } = await play('proposal-no-json');
    expect(done).toMatchObject({ ok: true, value: { proposal: 'I would change "Hello" to "Hi".' } });
    expect((await play('proposal-conflict')).done).toMatchObject({
      ok: true,
      value: { proposal: JSON.stringify(conflicting) },
    });
  });

  it('logs a patch that was refused, and takes the proposal', async () => {
    const { done, told } = await play('denied-read-only');
    expect(done).toMatchObject({ ok: true, value: { proposal: JSON.stringify(proposal) } });
    expect(told).toContainEqual(
      expect.stringMatching(/^refused: patch rejected: writing is blocked by read-only sandbox/),
    );
  });

  it('goes on over reconnects, and tells of them', async () => {
    const { done, told } = await play('reconnects');
    expect(done.ok).toBe(true);
    expect(told.filter((text) => text.startsWith('warns: Reconnecting'))).toHaveLength(2);
  });

  it('passes on an earlier proposal that did not do', async () => {
    const { file, asked } = player('proposal');
    const repair = { proposal: '{"edits":"none"}', message: 'It has another shape.' };
    await run(file, { ...requestOf({}), repair });
    expect(asked().stdin).toContain('{"edits":"none"}');
    expect(asked().stdin).toContain('It has another shape.');
  });
});

describe('codex that fails', () => {
  it.each([
    ['unauthorized', 'unavailable', /not signed in.*401 Unauthorized.*Sign in: codex login\.$/],
    ['no-key', 'unavailable', /has no key: Missing environment variable: `SCRIPTED_KEY`.*codex login/],
    ['server-error', 'failed', /provider of codex had an error: .*high demand.*Retry the job later\.$/],
    ['unreachable', 'failed', /out of reach: Connection failed.*Look at the network/],
    ['malformed', 'failed', /answer broke off: stream disconnected before completion/],
    ['rate-limit', 'limited', /takes no more for now: .*usage limit.*Jan 1st, 2100/],
    ['rate-limit-key', 'limited', /takes no more for now: .*429 Too Many Requests/],
  ] as const)('says why, and what to do: %s', async (scenario, kind, message) => {
    const { done } = await play(scenario);
    expectError(done, kind, message);
  });

  it('tells when a limit ends, where that was told', async () => {
    // The recording's zone is UTC, and the player's is the machine's.
    const expected = RESET * 1000 + new Date(RESET * 1000).getTimezoneOffset() * 60_000 + 60_000;
    expect((await play('rate-limit')).done).toMatchObject({ ok: false, error: { until: expected } });
    const untold = (await play('rate-limit-key')).done;
    expect(untold.ok ? untold : untold.error).not.toHaveProperty('until');
  });

  it('is ended by the signal, where it never answers', async () => {
    const ending = new AbortController();
    const { file } = player('never-answering');
    const { done } = await run(file, requestOf({}), ending.signal, (text) => {
      if (text.includes('turn.started')) ending.abort();
    });
    expect(done).toEqual({ ok: false, error: { kind: 'aborted' } });
  });

  it('could not be started', async () => {
    const { done } = await run('codex-that-nobody-has', requestOf({}));
    expect(done).toMatchObject({ ok: false, error: { kind: 'unavailable' } });
    expect(JSON.stringify(done)).toMatch(/could not be started.*codex-that-nobody-has.*npm install -g @openai\/codex/);
  });

  it.each([
    [
      "console.error('error: unexpected argument --x'); process.exitCode = 2;",
      'unavailable',
      /did not take.*--x.*Update it/,
    ],
    [
      "console.error('Error loading config.toml: line 3'); process.exitCode = 1;",
      'unavailable',
      /configuration.*line 3/,
    ],
    [
      "console.error('no such thing'); process.exitCode = 3;",
      'failed',
      /exit code 3 before it had begun.*no such thing/,
    ],
    ['', 'failed', /without having finished its turn/],
    [`console.log('{"type":"turn.started"}'); process.exitCode = 4;`, 'failed', /exit code 4 and did not say why/],
    [`console.log('{"type":"turn.completed"}');`, 'failed', /without an answer/],
    ["process.kill(process.pid, 'SIGKILL');", 'failed', /ended by SIGKILL/],
  ] as const)('ends without a word of its own: %s', async (script, kind, message) => {
    const { file } = placeProgram(directory, 'codex', script);
    const { done } = await run(file, requestOf({}));
    expectError(done, kind, message);
  });
});

describe('edits that failed', () => {
  const item = (of: object): string => JSON.stringify({ type: 'item.completed', item: { id: 'item_1', ...of } });
  const failedEdit = item({ type: 'file_change', changes: [{ path: 'a', kind: 'update' }], status: 'failed' });
  const command = (code: number): string =>
    item({ type: 'command_execution', command: 'sed', aggregated_output: '', exit_code: code, status: 'completed' });
  const done = '{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}';

  async function after(lines: readonly string[], more: Partial<JobSpec> = {}): Promise<boolean> {
    const { file } = placeProgram(directory, 'codex', `console.log(${JSON.stringify([...lines, done].join('\n'))});`);
    return (await run(file, requestOf({ sandbox: 'workspace-write' }, more))).done.ok;
  }

  it('are no success, unless a command came after them that may have made the change', async () => {
    expect(await after([failedEdit])).toBe(false);
    expect(await after([command(0), failedEdit])).toBe(false);
    expect(await after([failedEdit, command(1)])).toBe(false);
    expect(await after([failedEdit, command(0)])).toBe(true);
    // Where no change is a success as well, nothing else would tell.
    expect(await after([failedEdit, command(0)], { allowEmpty: true })).toBe(false);
  });

  it('do not matter beside one that was made', async () => {
    const made = item({ type: 'file_change', changes: [{ path: 'a', kind: 'update' }], status: 'completed' });
    expect(await after([failedEdit, made])).toBe(true);
    expect(await after([made, failedEdit])).toBe(true);
  });
});

describe('what codex is started with', () => {
  it('is a sandbox, a schema outside of the slot, and the prompt on stdin', async () => {
    const { file, asked } = player('proposal');
    const { done } = await run(file, requestOf({}));
    const { args, stdin } = asked();
    expect(args.slice(0, 5)).toEqual(['exec', '--sandbox', 'read-only', '--json', '--ignore-rules']);
    expect(args[args.indexOf('--output-schema') + 1]).toBe(join(directory, 'own', 'codex-answer.json'));
    expect(args.at(-1)).toBe('-');
    expect(stdin).toContain('Say hi');
    expect(args.join(' ')).not.toContain('Say hi');
    expect(done).toMatchObject({ ok: true, value: { prompt: stdin } });
  });

  it('is what the spec says, before what the settings say', async () => {
    const { file, asked } = player('success');
    await run(file, requestOf({ sandbox: 'workspace-write', preferredModel: 'a-model' }));
    const { args } = asked();
    expect(args[args.indexOf('--sandbox') + 1]).toBe('workspace-write');
    expect(args[args.indexOf('--model') + 1]).toBe('a-model');
    expect(args).not.toContain('--output-schema');
  });
});
