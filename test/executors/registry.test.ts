import { describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { noAbilities, type Executor, type Readiness } from '../../src/domain/executor.ts';
import { ExecutorRegistry } from '../../src/executors/registry.ts';
import { contextIn, requestOf } from './asking.ts';

function named(name: string, summary = name): Executor {
  return { name, abilities: noAbilities, run: () => Promise.resolve(ok({ summary })) };
}

async function summaryOf(registry: ExecutorRegistry, name: string): Promise<unknown> {
  const found = registry.get(name);
  return found.ok ? found.value.run(requestOf({}), contextIn('/')) : found.error;
}

describe('ExecutorRegistry', () => {
  it('gives an executor by its name until it is taken out', async () => {
    const registry = new ExecutorRegistry(systemClock);
    const held = registry.register(named('one'));
    registry.register(named('a'));
    expect(registry.names()).toEqual(['a', 'one']);
    expect(await summaryOf(registry, 'one')).toEqual({ ok: true, value: { summary: 'one' } });
    held.dispose();
    expect(registry.names()).toEqual(['a']);
  });

  it('says which names it knows', () => {
    const registry = new ExecutorRegistry(systemClock);
    expect(registry.get('x')).toMatchObject({ ok: false, error: { kind: 'unknown' } });
    registry.register(named('command'));
    registry.register(named('codex'));
    expect(registry.get('claud')).toEqual({
      ok: false,
      error: {
        kind: 'unknown',
        message: 'There is no executor named "claud". Set execution.executor to one of these: codex, command, auto.',
      },
    });
  });

  it('lets the newest of a name stand, also when the older is taken out later', async () => {
    const registry = new ExecutorRegistry(systemClock);
    const older = registry.register(named('x', 'older'));
    registry.register(named('x', 'newer'));
    older.dispose();
    expect(await summaryOf(registry, 'x')).toEqual({ ok: true, value: { summary: 'newer' } });
  });

  it('asks one once at a time whether it can run, and anew once it has told', async () => {
    const registry = new ExecutorRegistry(new ManualClock());
    const say: ((told: Readiness) => void)[] = [];
    const probe = (): Promise<Readiness> => new Promise((resolve) => say.push(resolve));
    registry.register({ ...named('x'), probe });
    const found = [registry.found(), registry.found(true), registry.found(true)];
    expect(say).toHaveLength(1);
    say[0]?.({ state: 'ready', version: '1' });
    for (const one of found) expect(await one).toMatchObject([{ readiness: { version: '1' } }]);
    expect(await registry.found()).toMatchObject([{ readiness: { version: '1' } }]);
    const anew = registry.found(true);
    say[1]?.({ state: 'ready', version: '2' });
    expect(await anew).toMatchObject([{ readiness: { version: '2' } }]);
  });

  it('turns an exception into a failure', async () => {
    const registry = new ExecutorRegistry(systemClock);
    const broken = (name: string, run: Executor['run']): void =>
      void registry.register({ name, abilities: noAbilities, run });
    broken('throws', () => {
      throw new Error('oh');
    });
    broken('rejects', () => Promise.reject(new Error('no')));
    for (const [name, said] of [
      ['throws', 'oh'],
      ['rejects', 'no'],
    ] as const) {
      expect(await summaryOf(registry, name)).toMatchObject({
        ok: false,
        error: { kind: 'failed', message: expect.stringContaining(`"${name}" broke: ${said}`) as string },
      });
    }
  });
});
