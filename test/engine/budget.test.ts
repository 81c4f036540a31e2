import { expect, it } from 'vitest';
import { Budget } from '../../src/engine/budget.ts';

it('a budget that was passed stays passed, whatever is told after that', () => {
  const budget = new Budget({ tokens: 100 });
  budget.take({ inputTokens: 500 });
  budget.take({ turns: 1 });
  expect(budget.signal.aborted).toBe(true);
  expect(budget.excess).toBe('500 tokens were used, and 100 were allowed');
  budget.take({ inputTokens: 50 });
  budget.next();
  expect(budget.excess).toBe('500 tokens were used, and 100 were allowed');
});

it('a figure that a later word of the same run leaves out is not forgotten', () => {
  const budget = new Budget({ tokens: 100 });
  budget.take({ inputTokens: 40, outputTokens: 20 });
  budget.take({ inputTokens: 50, turns: 1 });
  expect(budget.total).toEqual({ inputTokens: 50, outputTokens: 20, turns: 1 });
  expect(budget.left).toEqual({ tokens: 30 });
});

it('a budget begins with what earlier attempts have used, and tells what its own attempt uses', () => {
  const budget = new Budget({ tokens: 100, usd: 1 }, { inputTokens: 60, costUsd: 0.75 });
  expect(budget.left).toEqual({ tokens: 40, usd: 0.25 });
  budget.take({ outputTokens: 40 });
  expect(budget.excess).toBeUndefined();
  expect(budget.left).toEqual({ tokens: 0, usd: 0.25 });
  budget.take({ outputTokens: 41 });
  expect(budget.excess).toBe('101 tokens were used, and 100 were allowed');
  expect(budget.total).toEqual({ outputTokens: 41 });
});
