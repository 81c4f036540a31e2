import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Result } from '../../../src/base/result.ts';
import type { ExecutorError, Report, Thread } from '../../../src/domain/executor.ts';
import { ExecutorSettings } from '../../../src/domain/executorSettings.ts';
import { newJobId } from '../../../src/domain/ids.ts';
import { JobSpec } from '../../../src/domain/jobSpec.ts';
import { claudeExecutor } from '../../../src/executors/claude/claude.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { contextIn } from '../asking.ts';
import { placeProgram } from '../player.ts';

/** What Claude Code does with its sessions: by folder and id, and another begins with the whole of the one it goes on from. */
const PROGRAM = `
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const given = (name) => process.argv.find((one) => one.startsWith('--' + name + '='))?.split('=')[1];
const [id, from] = [given('session-id'), given('resume')];
const prompt = readFileSync(0, 'utf8');
const say = (event) => console.log(JSON.stringify(event));
if (from !== undefined && !(existsSync(from) && readFileSync(from, 'utf8').startsWith('{'))) {
  console.error('No conversation found with session ID: ' + from);
  say({ type: 'result', subtype: 'error_during_execution', is_error: true, num_turns: 0 });
  process.exit(1);
}
const before = from === undefined ? '' : readFileSync(from, 'utf8');
if (id !== undefined) {
  const folder = join(process.env.CLAUDE_CONFIG_DIR, 'projects', process.cwd().replace(/\\W/g, '-'));
  mkdirSync(join(folder, id, 'tool-results'), { recursive: true });
  const lines = [{ prompt }, { type: 'cost-state', totalCostUSD: 3 }].map((line) => JSON.stringify(line) + '\\n');
  writeFileSync(join(folder, id + '.jsonl'), before + lines.join(''));
}
say({ type: 'system', subtype: 'init', session_id: id ?? 'unwritten', claude_code_version: '2.1.330' });
say({ type: 'result', subtype: process.env.FAILS ? 'error_max_turns' : 'success', is_error: false, num_turns: 1, result: before, session_id: id });
`;

let directory: string;
let home: string;
beforeEach(() => {
  directory = temporaryDirectory();
  home = join(directory, 'home');
  for (const name of ['slot', 'own', 'home']) mkdirSync(join(directory, name));
});
afterEach(() => removeDirectory(directory));

interface Options {
  readonly thread?: Thread;
  readonly threads?: 'keep' | 'drop';
  readonly env?: Readonly<Record<string, string>>;
  readonly title?: string;
}

async function run({ thread, threads = 'keep', env = {}, title = 'First task' }: Options = {}): Promise<
  Result<Report, ExecutorError>
> {
  const { file } = placeProgram(directory, 'claude', PROGRAM);
  const settings = ExecutorSettings.parse({ claude: { program: file }, threads });
  const executor = claudeExecutor({ clock: systemClock, settings: () => settings, environment: () => ({}) });
  const context = contextIn(join(directory, 'slot'));
  return executor.run(
    {
      jobId: newJobId(),
      attempt: 1,
      spec: JobSpec.parse({ task: { title } }),
      ...(thread === undefined ? {} : { thread }),
    },
    { ...context, own: join(directory, 'own'), env: { ...context.env, CLAUDE_CONFIG_DIR: home, ...env } },
  );
}

async function kept(): Promise<Thread> {
  const done = await run();
  if (!done.ok || done.value.threadFile === undefined) throw new Error(JSON.stringify(done));
  const file = join(directory, 'earlier.jsonl');
  writeFileSync(file, readFileSync(done.value.threadFile));
  return { sessionId: done.value.sessionId ?? '', file };
}

const left = (): readonly string[] => globSync(join(home, 'projects/**'));

describe("Claude Code's sessions", () => {
  it('are taken away from the folders of the user, with what is beside them', async () => {
    const { file = '' } = await kept();
    expect(readFileSync(file, 'utf8')).toContain('First task');
    expect(left()).toEqual([join(home, 'projects')]);
  });

  it('leave those of others where they are', async () => {
    const others = join(home, 'projects', 'other');
    mkdirSync(others, { recursive: true });
    writeFileSync(join(others, 'session.jsonl'), '{}\n');
    await kept();
    expect(left()).toContain(join(others, 'session.jsonl'));
  });

  it('are taken away from a run that failed, too', async () => {
    expect(await run({ env: { FAILS: '1' } })).toMatchObject({ ok: false });
    expect(left()).toEqual([join(home, 'projects')]);
  });

  it('go on under names of their own, without what they had cost', async () => {
    const thread = await kept();
    const done = await run({ thread, title: 'Second task' });
    if (!done.ok) throw new Error(JSON.stringify(done.error));
    const { sessionId, summary, threadFile = '' } = done.value;
    expect(sessionId).not.toBe(thread.sessionId);
    expect(summary).toContain('First task');
    expect(summary).not.toContain('cost-state');
    expect(readFileSync(threadFile, 'utf8')).toMatch(/First task[\s\S]*Second task/);
    expect(left()).toEqual([join(home, 'projects')]);
  });

  it.each([
    ['no file', {}],
    ['a file that is not there', { file: '/nowhere/thread' }],
    ['a file that is no session', { file: import.meta.filename }],
  ])('are gone where there is %s', async (_, more) => {
    expect(await run({ thread: { sessionId: 'x', ...more } })).toMatchObject({
      ok: false,
      error: { kind: 'threadGone' },
    });
  });

  it('are not written down where the user drops them', async () => {
    const done = await run({ threads: 'drop' });
    expect(done.ok && done.value.threadFile).toBe(undefined);
    expect(left()).toEqual([]);
  });
});
