import { expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { TimeLimit } from '../../src/engine/timeLimit.ts';

it('a time limit stands still while it is paused', () => {
  const clock = new ManualClock();
  const limit = new TimeLimit(clock, 1000);
  clock.advance(600);
  limit.pause();
  clock.advance(10_000);
  expect(limit.signal.aborted).toBe(false);
  limit.resume();
  clock.advance(399);
  expect(limit.signal.aborted).toBe(false);
  clock.advance(1);
  expect(limit.signal.aborted).toBe(true);
});

it('a time limit that was let go never ends', () => {
  const clock = new ManualClock();
  const limit = new TimeLimit(clock, 1000);
  limit.dispose();
  clock.advance(2000);
  expect(limit.signal.aborted).toBe(false);
});

it('a time limit that was paused twice at once goes on after both', () => {
  const clock = new ManualClock();
  const limit = new TimeLimit(clock, 1000);
  limit.pause();
  limit.pause();
  limit.resume();
  clock.advance(2000);
  expect(limit.signal.aborted).toBe(false);
  limit.resume();
  limit.resume();
  limit.pause();
  clock.advance(2000);
  expect(limit.signal.aborted).toBe(false);
  limit.resume();
  clock.advance(1000);
  expect(limit.signal.aborted).toBe(true);
});

it('a time limit that was let go while it was paused is not resumed', () => {
  const clock = new ManualClock();
  const limit = new TimeLimit(clock, 1000);
  limit.pause();
  limit.dispose();
  limit.resume();
  clock.advance(2000);
  expect(limit.signal.aborted).toBe(false);
});
