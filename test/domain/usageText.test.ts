import { describe, expect, it } from 'vitest';
import { costText, usageLine, wallText } from '../../src/domain/usageText.ts';

describe('what a job cost', () => {
  it('is one line', () => {
    expect(
      usageLine({
        inputTokens: 12_345,
        cachedInputTokens: 10_000,
        outputTokens: 678,
        costUsd: 0.0123,
        turns: 3,
        wallMs: 41_200,
      }),
    ).toBe('12,345 in (10,000 cached), 678 out, $0.0123, 3 turns, 41 s');
  });

  it('leaves out what nobody told, and tells a zero', () => {
    expect(usageLine({ wallMs: 900 })).toBe('900 ms');
    expect(usageLine({ turns: 1, outputTokens: 0 })).toBe('0 out, 1 turn');
    expect(usageLine({})).toBeUndefined();
  });

  it.each([
    [0, '$0.0000'],
    [0.000_001, '<$0.0001'],
    [0.0123, '$0.0123'],
    [1234.5, '$1,234.5000'],
    [undefined, '–'],
  ])('costs %s: %s', (usd, text) => expect(costText(usd)).toBe(text));

  it.each([
    [0, '0 ms'],
    [59_499, '59 s'],
    [59_500, '1 min 0 s'],
    [3_599_600, '1 h 0 min'],
    [90_000, '1 min 30 s'],
    [5_400_000_000, '1,500 h 0 min'],
  ])('%d ms are %s', (ms, text) => expect(wallText(ms)).toBe(text));
});
