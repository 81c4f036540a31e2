import { describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../src/base/clock.ts';
import type { Executor } from '../../src/domain/executor.ts';
import { pluginExecutor } from '../../src/executors/plugin.ts';
import type { PluginContext, PluginExecutor } from '../../src/executors/pluginApi.ts';
import { wrongPlugin } from '../../src/executors/pluginShape.ts';
import { contextIn, requestOf } from './asking.ts';

/** Whatever a plug-in may give back, which its types would not let it. */
function giving(run: (context: PluginContext) => unknown, more: object = {}): Executor {
  const plugin = { name: 'mine', run: (_task: unknown, context: PluginContext) => run(context), ...more };
  return pluginExecutor(plugin as unknown as PluginExecutor, systemClock);
}

const run = (executor: Executor, context = contextIn('/')): ReturnType<Executor['run']> =>
  executor.run(requestOf({}), context);

describe('an executor of a plug-in', () => {
  it('works: it logs, asks, tells its use, and reports', async () => {
    const context = contextIn('/');
    const executor = giving(async ({ log, ask, usage, directory }) => {
      log(`in ${directory}`);
      usage({ inputTokens: 3 });
      return { summary: await ask({ text: 'How?', choices: ['so', 'thus'], fallback: 'thus' }) };
    });
    expect(await run(executor, context)).toEqual({ ok: true, value: { summary: 'thus' } });
    expect(context.events).toEqual([{ stream: 'agent', text: 'in /' }]);
    expect(context.used).toEqual([{ inputTokens: 3 }]);
    expect(await run(giving(() => undefined))).toEqual({ ok: true, value: {} });
    expect(await run(giving(() => ({ proposal: { deletions: ['a'] } })))).toEqual({
      ok: true,
      value: { proposal: '{"deletions":["a"]}' },
    });
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const wild: readonly (readonly [string, (context: PluginContext) => unknown])[] = [
    [
      'throws',
      () => {
        throw new Error('oh');
      },
    ],
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as others may
    ['rejects with nothing', () => Promise.reject()],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['gives a text', () => 'done'],
    ['gives a wrong summary', () => ({ summary: 7 })],
    ['gives a wrong use', () => ({ usage: { inputTokens: -1 } })],
    ['gives what cannot be told', () => ({ proposal: cyclic })],
    [
      'gives what throws when it is read',
      () => ({
        get summary() {
          throw new Error('trap');
        },
      }),
    ],
    ['asks nothing', ({ ask }) => ask({ text: '', fallback: '' })],
    ['falls back on no choice', ({ ask }) => ask({ text: 'Q', choices: ['a'], fallback: 'b' })],
  ];
  it.each(wild)('that %s fails, and no more', async (_, doing) => {
    expect(await run(giving(doing))).toMatchObject({
      ok: false,
      error: { kind: 'failed', message: expect.stringMatching(/^The executor "mine" failed: /) as string },
    });
  });

  it('says by a code that nothing would help, or that its provider takes no more', async () => {
    const coded = (more: object): Executor => giving(() => Promise.reject(Object.assign(new Error('why'), more)));
    expect(await run(coded({ code: 'unavailable' }))).toEqual({
      ok: false,
      error: { kind: 'unavailable', message: 'why' },
    });
    expect(await run(coded({ code: 'limited', until: 5 }))).toEqual({
      ok: false,
      error: { kind: 'limited', message: 'why', until: 5 },
    });
    expect(await run(coded({ code: 'limited', until: 'soon' }))).toMatchObject({ error: { kind: 'limited' } });
    expect(await run(coded({ code: 'ENOENT' }))).toMatchObject({ error: { kind: 'failed' } });
  });

  it('that never ends is left a little after it was told to, and is heard no more', async () => {
    const clock = new ManualClock();
    const cancel = new AbortController();
    const context = contextIn('/', cancel.signal);
    let given: PluginContext | undefined;
    const plugin: PluginExecutor = {
      name: 'mine',
      run: (_task, its) => {
        given = its;
        return new Promise(() => undefined);
      },
    };
    const running = run(pluginExecutor(plugin, clock), context);
    await Promise.resolve();
    cancel.abort();
    clock.advance(2000);
    expect(await running).toEqual({ ok: false, error: { kind: 'aborted' } });
    given?.log('late');
    given?.usage({ turns: 1 });
    await expect(given?.ask({ text: 'late?', fallback: 'x' })).rejects.toThrow('over');
    expect([context.events, context.used]).toEqual([[], []]);
  });

  it('may end tidily when it is told to', async () => {
    const cancel = new AbortController();
    const executor = giving(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)));
    const running = run(executor, contextIn('/', cancel.signal));
    await Promise.resolve();
    cancel.abort();
    expect(await running).toEqual({ ok: false, error: { kind: 'aborted' } });
  });

  it('says whether it can run; a wrong word is no yes', async () => {
    const probed = (told: unknown): unknown =>
      giving(() => undefined, { probe: () => told }).probe?.(new AbortController().signal);
    expect(await probed({ ready: true, version: '2' })).toEqual({ state: 'ready', version: '2' });
    expect(await probed({ ready: false, reason: 'tooOld', message: 'Update it.' })).toEqual({
      state: 'tooOld',
      message: 'Update it.',
    });
    expect(await probed(true)).toMatchObject({ state: 'broken' });
    expect(await probed({ ready: 'yes' })).toMatchObject({ state: 'broken' });
  });
});

const nothing = (): void => undefined;

it.each([
  [undefined, 'is an object'],
  [{ run: nothing }, 'The name'],
  [{ name: 'Bad Name', run: nothing }, 'The name'],
  [{ name: 'codex', run: nothing }, `the relay's own`],
  [{ name: 'mine' }, 'no function "run"'],
  [{ name: 'mine', run: nothing, probe: 1 }, '"probe"'],
  [{ name: 'mine', run: nothing, budgets: ['eur'] }, '"budgets"'],
])('is refused by name: %j', (candidate, why) => {
  expect(wrongPlugin(candidate)).toContain(why);
});
