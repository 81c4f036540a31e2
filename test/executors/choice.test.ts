import { expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { noAbilities, type Readiness } from '../../src/domain/executor.ts';
import { JobSpec } from '../../src/domain/jobSpec.ts';
import { choose } from '../../src/executors/choice.ts';
import { ExecutorRegistry } from '../../src/executors/registry.ts';

const spec = JobSpec.parse({ task: { title: 't' } });

/** Executors that say whether they can run when they are told to. */
function probing(...names: readonly string[]) {
  const registry = new ExecutorRegistry(new ManualClock());
  const asked: string[] = [];
  const say = new Map<string, (told: Readiness) => void>();
  for (const name of names) {
    const probe = (): Promise<Readiness> => {
      asked.push(name);
      return new Promise((resolve) => say.set(name, resolve));
    };
    registry.register({ name, abilities: noAbilities, probe, run: () => Promise.resolve(ok({})) });
  }
  return { registry, asked, say };
}

it('all are asked at once, and the first of the order is taken without waiting for the others', async () => {
  const { registry, asked, say } = probing('a', 'b', 'c');
  const chosen = choose(registry, spec, { order: ['b', 'c', 'a', 'unknown'], isHeld: () => false });
  expect(asked).toEqual(['b', 'c', 'a']);
  say.get('c')?.({ state: 'ready' });
  say.get('b')?.({ state: 'broken', message: 'It is.' });
  expect(await chosen).toEqual(ok('c'));
});

it('one that is let go while it is asked is taken', async () => {
  const { registry, say } = probing('a');
  let isHeld = true;
  const chosen = choose(registry, spec, { order: ['a'], isHeld: () => isHeld });
  isHeld = false;
  say.get('a')?.({ state: 'ready' });
  expect(await chosen).toEqual(ok('a'));
});

it('nothing is taken of one that is held', async () => {
  const { registry, say } = probing('a');
  const chosen = choose(registry, spec, { order: ['a'], isHeld: () => true });
  say.get('a')?.({ state: 'ready' });
  expect(await chosen).toMatchObject({ ok: false, error: { kind: 'busy' } });
});
