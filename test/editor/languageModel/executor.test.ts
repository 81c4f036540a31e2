import type * as vscode from 'vscode';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { ok } from '../../../src/base/result.ts';
import type { ExecutionContext } from '../../../src/domain/executor.ts';
import { languageModelExecutor } from '../../../src/editor/languageModel/executor.ts';
import { contextIn, requestOf } from '../../executors/asking.ts';

const access = { canSendRequest: () => true } as unknown as vscode.LanguageModelAccessInformation;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('ends a little after its signal, though the model hears of no cancel, and hears nothing of it after that', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const context = contextIn('/', controller.signal);
  let given: ExecutionContext | undefined;
  const executor = languageModelExecutor(access, clock, () =>
    Promise.resolve({
      readiness: () => Promise.resolve({ state: 'ready' } as const),
      runByModel: (_, heard) => {
        given = heard;
        heard.onLog({ stream: 'agent', text: 'at work' });
        return new Promise(() => undefined);
      },
    }),
  );
  let isOver = false;
  const done = executor.run(requestOf({}), context).finally(() => void (isOver = true));
  await settled();
  controller.abort();
  clock.advance(1000);
  await settled();
  expect(isOver).toBe(false);
  clock.advance(1000);
  expect(await done).toEqual({ ok: false, error: { kind: 'aborted' } });
  given?.onLog({ stream: 'agent', text: 'too late' });
  given?.onUsage({ inputTokens: 1 });
  expect(await given?.ask({ text: 'May I?', choices: ['yes', 'no'], fallback: 'no' })).toBe('no');
  expect(context.events).toEqual([{ stream: 'agent', text: 'at work' }]);
  expect(context.used).toEqual([]);
});

it('waits for a model that ends by itself within its time, which is no success any more', async () => {
  const controller = new AbortController();
  const executor = languageModelExecutor(access, new ManualClock(), () =>
    Promise.resolve({
      readiness: () => Promise.resolve({ state: 'ready' } as const),
      runByModel: async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return ok({ summary: 'done' });
      },
    }),
  );
  const done = executor.run(requestOf({}), contextIn('/', controller.signal));
  await settled();
  controller.abort();
  expect(await done).toEqual({ ok: false, error: { kind: 'aborted' } });
});
