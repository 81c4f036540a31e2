import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Result } from '../../../src/base/result.ts';
import type { ExecutorError, Report, Thread } from '../../../src/domain/executor.ts';
import { ExecutorSettings } from '../../../src/domain/executorSettings.ts';
import { newJobId } from '../../../src/domain/ids.ts';
import { JobSpec } from '../../../src/domain/jobSpec.ts';
import { codexExecutor } from '../../../src/executors/codex/codex.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { contextIn } from '../asking.ts';
import { placeProgram } from '../player.ts';
import { ID, THREADED } from './threaded.ts';

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
  const { file } = placeProgram(directory, 'codex', THREADED);
  const settings = ExecutorSettings.parse({ codex: { program: file }, threads });
  const executor = codexExecutor({ clock: systemClock, settings: () => settings, environment: () => ({}) });
  const context = contextIn(join(directory, 'slot'));
  const spec = JobSpec.parse({ task: { title }, execution: { sandbox: 'workspace-write' } });
  return executor.run(
    { jobId: newJobId(), attempt: 1, spec, ...(thread === undefined ? {} : { thread }) },
    { ...context, own: join(directory, 'own'), env: { ...context.env, CODEX_HOME: home, ...env } },
  );
}

async function kept(): Promise<Thread> {
  const done = await run();
  if (!done.ok || done.value.threadFile === undefined) throw new Error(JSON.stringify(done));
  // As the relay does: the run that goes on has a folder of its own.
  const file = join(directory, 'earlier.jsonl');
  writeFileSync(file, readFileSync(done.value.threadFile));
  return { sessionId: done.value.sessionId ?? '', file };
}

const rollouts = (): readonly string[] => globSync(join(home, 'sessions/**/*.jsonl'));
const forgotten = (): string => readFileSync(join(home, 'forgotten'), 'utf8');

describe("codex's threads", () => {
  it('are taken away from its own, and it forgets them', async () => {
    const { sessionId, file } = await kept();
    expect(sessionId).toBe(ID);
    expect(readFileSync(file ?? '', 'utf8')).toContain('First task');
    expect(rollouts()).toEqual([]);
    expect(forgotten()).toBe(`delete --force ${ID}\n`);
  });

  it('are taken away from a run that failed, too, and not kept', async () => {
    expect(await run({ env: { FAILS: '1' } })).toMatchObject({ ok: false, error: { kind: 'failed' } });
    expect(rollouts()).toEqual([]);
    expect(forgotten()).toContain(ID);
  });

  it('go on under names of their own, without what they had counted', async () => {
    const thread = await kept();
    const done = await run({ thread, title: 'Second task' });
    if (!done.ok) throw new Error(JSON.stringify(done.error));
    const { sessionId = '', summary = '', threadFile = '' } = done.value;
    expect(sessionId).not.toBe(ID);
    expect(summary).toContain('First task');
    expect(summary).not.toContain('token_count');
    expect(summary).not.toContain(ID);
    expect(readFileSync(threadFile, 'utf8')).toMatch(/First task[\s\S]*Second task/);
    expect(rollouts()).toEqual([]);
    expect(forgotten()).toContain(sessionId);
    const other = await run({ thread });
    expect(other.ok && other.value.sessionId).not.toBe(sessionId);
  });

  it('are gone where codex has none, and nothing of the try is left', async () => {
    const thread = await kept();
    const done = await run({ thread, env: { LOSES: '1' } });
    expect(done).toMatchObject({ ok: false, error: { kind: 'threadGone' } });
    expect(rollouts()).toEqual([]);
  });

  it.each([
    ['no file', { sessionId: ID }],
    ['a file that is not there', { sessionId: ID, file: '/nowhere/thread' }],
    ['an id that is none', { sessionId: '../../etc', file: '/etc/hostname' }],
  ])('are gone where there is %s, and codex is not started', async (_, thread) => {
    expect(await run({ thread })).toMatchObject({ ok: false, error: { kind: 'threadGone' } });
    expect(existsSync(join(home, 'sessions'))).toBe(false);
  });

  it('are not written down where the user drops them', async () => {
    const done = await run({ threads: 'drop' });
    expect(done.ok && done.value.threadFile).toBe(undefined);
    expect(existsSync(join(home, 'sessions'))).toBe(false);
    expect(existsSync(join(home, 'forgotten'))).toBe(false);
  });
});
