import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { noAbilities, type Executor } from '../../src/domain/executor.ts';
import { Plugins } from '../../src/executors/plugins.ts';
import { ExecutorRegistry } from '../../src/executors/registry.ts';

const named = (name: string): Executor => ({ name, abilities: noAbilities, run: () => Promise.resolve(ok({})) });

it('are in every registry, sooner or later, until they are taken out', () => {
  const plugins = new Plugins([named('first')]);
  const early = new ExecutorRegistry(systemClock);
  const stocked = plugins.stock(early);
  const second = plugins.bring(named('second'));
  const late = new ExecutorRegistry(systemClock);
  plugins.stock(late);
  expect([early.names(), late.names()]).toEqual([
    ['first', 'second'],
    ['first', 'second'],
  ]);
  second.dispose();
  expect([early.names(), late.names(), plugins.has('second')]).toEqual([['first'], ['first'], false]);
  stocked.dispose();
  plugins.bring(named('third'));
  expect([early.names(), late.names()]).toEqual([['first'], ['first', 'third']]);
});
