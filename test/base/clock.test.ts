import { describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../src/base/clock.ts';

describe('a manual clock', () => {
  it('calls what falls due, in the order of time and then of asking, at its time', () => {
    const clock = new ManualClock(1000);
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} at ${clock.now()}`);
    clock.after(30, note('late'));
    clock.after(10, note('first'));
    clock.after(10, note('second'));
    clock.after(99, note('never'));
    clock.advance(50);
    expect(seen).toEqual(['first at 1010', 'second at 1010', 'late at 1030']);
    expect(clock.now()).toBe(1050);
  });

  it('calls what is set while it moves, if that falls due, too', () => {
    const clock = new ManualClock(0);
    const seen: number[] = [];
    const again = (): void => {
      seen.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
  });

  it('calls nothing that was called off', () => {
    const clock = new ManualClock();
    let calls = 0;
    const timer = clock.after(10, () => (calls += 1));
    timer.dispose();
    timer.dispose();
    clock.advance(20);
    expect(calls).toBe(0);
  });

  it('ends a pause when its time is over', async () => {
    const clock = new ManualClock();
    let over = false;
    const paused = clock.pause(10).then(() => (over = true));
    clock.advance(9);
    await Promise.resolve();
    expect(over).toBe(false);
    clock.advance(1);
    await paused;
    expect(over).toBe(true);
  });
});

describe('the system clock', () => {
  it('takes waits that are longer than Node can, without calling at once', async () => {
    let calls = 0;
    const timer = systemClock.after(2 ** 40, () => (calls += 1));
    await systemClock.pause(2);
    timer.dispose();
    expect(calls).toBe(0);
  });

  it('calls once after the time', async () => {
    const before = systemClock.monotonic();
    await systemClock.pause(2);
    expect(systemClock.monotonic() - before).toBeGreaterThanOrEqual(1);
  });
});
