import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { Holds } from '../../src/engine/holds.ts';

const MINUTE = 60_000;

function opened() {
  const clock = new ManualClock();
  let changes = 0;
  const holds = new Holds(clock, () => (changes += 1));
  return { clock, holds, changes: () => changes };
}

describe('a hold', () => {
  it('ends at the reset that was told', () => {
    const { clock, holds, changes } = opened();
    const until = clock.now() + 5 * MINUTE;
    expect(holds.hold('x', 'why', until)).toBe(until);
    expect([...holds.names()]).toEqual(['x']);
    expect(holds.get('x')).toMatchObject({ until, message: 'why' });
    expect(holds.firstOf(['x', 'y'])).toBe(until);
    clock.advance(5 * MINUTE);
    expect([...holds.names()]).toEqual([]);
    expect(changes()).toBe(2);
  });

  it('without a reset is longer each time, until the executor works again', () => {
    const { clock, holds } = opened();
    const pauses = (count: number): number[] =>
      Array.from({ length: count }, () => {
        const pause = holds.hold('x', '', undefined) - clock.now();
        clock.advance(pause);
        return pause;
      });
    expect(pauses(7)).toEqual([0.5, 1, 2, 4, 8, 15, 15].map((minutes) => minutes * MINUTE));
    holds.worked('x');
    expect(pauses(1)).toEqual([0.5 * MINUTE]);
  });

  it('is neither endless nor in the past, whatever a provider tells', () => {
    const { clock, holds } = opened();
    expect(holds.hold('x', '', Number.MAX_SAFE_INTEGER)).toBe(clock.now() + 6 * 60 * MINUTE);
    expect(holds.hold('past', '', 1)).toBe(clock.now() + 0.5 * MINUTE);
    expect(holds.hold('now', '', clock.now())).toBe(clock.now() + 0.5 * MINUTE);
    clock.advance(0.5 * MINUTE);
    expect(holds.hold('past', '', 1)).toBe(clock.now() + MINUTE);
    expect(holds.hold('soon', '', clock.now() + 1)).toBe(clock.now() + 1000);
  });

  it('is not made shorter by another that comes meanwhile', () => {
    const { clock, holds } = opened();
    const until = clock.now() + 60 * MINUTE;
    holds.hold('x', 'the first', until);
    expect(holds.hold('x', 'the second', undefined)).toBe(until);
    expect(holds.hold('x', 'the third', clock.now() + MINUTE)).toBe(until);
    expect(holds.get('x')).toMatchObject({ until, message: 'the first' });
    expect(holds.hold('x', 'the fourth', until + MINUTE)).toBe(until + MINUTE);
    expect(holds.get('x')).toMatchObject({ message: 'the fourth' });
    clock.advance(60 * MINUTE);
    expect(holds.get('x')).toBeDefined();
    clock.advance(MINUTE);
    expect(holds.get('x')).toBeUndefined();
  });

  it('of several jobs that ran at once counts as one', () => {
    const { clock, holds } = opened();
    for (let job = 0; job < 5; job += 1) holds.hold('x', '', undefined);
    clock.advance(0.5 * MINUTE);
    expect(holds.get('x')).toBeUndefined();
    expect(holds.hold('x', '', undefined)).toBe(clock.now() + MINUTE);
  });

  it('ends with the coming of its executor only where it waited for that', () => {
    const { clock, holds } = opened();
    holds.await('absent', 'not there yet', clock.now() + MINUTE);
    holds.hold('limited', 'too many', undefined);
    holds.came('absent');
    holds.came('limited');
    expect([...holds.names()]).toEqual(['limited']);
    expect(holds.hold('absent', '', undefined)).toBe(clock.now() + 0.5 * MINUTE);
  });
});
