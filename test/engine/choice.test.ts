import { expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/result.ts';
import { noAbilities, type Readiness } from '../../src/domain/executor.ts';
import { newJobId } from '../../src/domain/ids.ts';
import { created } from '../../src/domain/machine.ts';
import { ExecutorRegistry } from '../../src/executors/registry.ts';
import { choiceFor } from '../../src/engine/choice.ts';
import { Holds } from '../../src/engine/holds.ts';
import { submitted } from '../store/events.ts';

function staffed() {
  const clock = new ManualClock();
  const executors = new ExecutorRegistry(clock);
  const holds = new Holds(clock, () => undefined);
  let say: ((told: Readiness) => void) | undefined;
  const run = () => Promise.resolve(ok({}));
  executors.register({ name: 'held', abilities: noAbilities, run });
  const probe = (): Promise<Readiness> => new Promise((resolve) => (say = resolve));
  executors.register({ name: 'slow', abilities: noAbilities, run, probe });
  const until = holds.hold('held', 'no more', clock.now() + 5000);
  const choice = choiceFor(created(newJobId(), submitted(), clock.now()), {
    executors,
    holds,
    order: () => ['held', 'slow'],
  });
  return { clock, until, choice, break: () => say?.({ state: 'broken', message: 'It is.' }) };
}

it('is put off until the first hold ends', async () => {
  const { until, choice, break: breakSlow } = staffed();
  breakSlow();
  expect(await choice).toEqual({ kind: 'later', until });
});

it('is looked for again at once, and fails nothing, where the hold ends while the rest is asked', async () => {
  const { clock, choice, break: breakSlow } = staffed();
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(5000);
  breakSlow();
  expect(await choice).toEqual({ kind: 'later', until: 0 });
});
