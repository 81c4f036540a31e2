import { expect, it } from 'vitest';
import { cutCopy } from '../../src/base/cutCopy.ts';
import { Recent } from '../../src/base/recent.ts';

it('keeps the last so many, and gives what had to go', () => {
  const recent = new Recent<number>(2);
  expect([recent.set('a', 1), recent.set('b', 2), recent.set('a', 3)]).toEqual([undefined, undefined, undefined]);
  expect(recent.set('c', 4)).toBe(3);
  expect([recent.get('a'), recent.has('b'), recent.values(), recent.size]).toEqual([undefined, true, [2, 4], 2]);
  recent.delete('b');
  expect(recent.set('d', 5)).toBeUndefined();
  expect(recent.values()).toEqual([4, 5]);
});

it('cuts a text between any two units', () => {
  expect(cutCopy('abc', 3)).toBe('abc');
  expect(cutCopy('a\ud83d\ude00b', 2)).toBe('a\ud83d');
});
