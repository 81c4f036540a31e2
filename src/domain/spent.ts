import * as z from 'zod';
import { Usage } from './artifact.ts';

/**
 * What attempts cost. A figure that no program told is missing, which is not the same as zero. `costUsd` is whole
 * micro-dollars, so that sums are exact; `wallMs` is the relay's own, from lease to end, waiting for answers included.
 */
export const Spent = Usage.extend({ wallMs: z.int().min(0) });
export type Spent = z.infer<typeof Spent>;

export const nothingSpent: Spent = { wallMs: 0 };

const figures = ['inputTokens', 'cachedInputTokens', 'outputTokens', 'turns'] as const;

/** The most that one attempt is believed of a figure: what a program that lies does to a sum stays within exact numbers. */
const MOST = 1e12;

/** What one attempt took, by its program's word and the relay's watch. */
export function spentBy(usage: Usage | undefined, ms: number): Spent {
  const spent: Spent = { wallMs: believed(ms) };
  for (const figure of figures) {
    const told = usage?.[figure];
    if (told !== undefined) spent[figure] = believed(told);
  }
  if (usage?.costUsd !== undefined) spent.costUsd = usdOf(believed(usage.costUsd * 1e6));
  return spent;
}

export function sumOf(a: Spent, b: Spent): Spent {
  const sum: Spent = { wallMs: a.wallMs + b.wallMs };
  for (const figure of figures) {
    const [one, other] = [a[figure], b[figure]];
    if (one !== undefined || other !== undefined) sum[figure] = (one ?? 0) + (other ?? 0);
  }
  if (a.costUsd !== undefined || b.costUsd !== undefined) {
    sum.costUsd = usdOf(microUsdOf(a.costUsd ?? 0) + microUsdOf(b.costUsd ?? 0));
  }
  return sum;
}

/** Whole micro-dollars: integers add up exactly. */
export function microUsdOf(usd: number): number {
  return Math.round(usd * 1e6);
}

export function usdOf(microUsd: number): number {
  return microUsd / 1e6;
}

function believed(figure: number): number {
  return figure > 0 ? Math.min(Math.round(figure), MOST) : 0;
}
