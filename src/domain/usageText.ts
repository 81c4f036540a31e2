import type { Usage } from './artifact.ts';
import type { Spent } from './spent.ts';

/** Stands for a figure that no program told. */
const UNTOLD = '–';

/**
 * What a job cost, on one line: `12,345 in (10,000 cached), 678 out, $0.0123, 3 turns, 41 s`. What nobody told is left
 * out; undefined where nothing is left.
 */
export function usageLine({
  inputTokens,
  cachedInputTokens,
  outputTokens,
  costUsd,
  turns,
  wallMs,
}: Usage & Partial<Pick<Spent, 'wallMs'>>): string | undefined {
  const cached = cachedInputTokens === undefined ? '' : ` (${countText(cachedInputTokens)} cached)`;
  const parts = [
    ...(inputTokens === undefined ? [] : [`${countText(inputTokens)} in${cached}`]),
    ...(outputTokens === undefined ? [] : [`${countText(outputTokens)} out`]),
    ...(costUsd === undefined ? [] : [costText(costUsd)]),
    ...(turns === undefined ? [] : [`${countText(turns)} ${turns === 1 ? 'turn' : 'turns'}`]),
    ...(wallMs === undefined ? [] : [wallText(wallMs)]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

export function countText(count: number | undefined): string {
  return count === undefined ? UNTOLD : grouped(count);
}

/** To a hundredth of a cent; less than that is not nothing. */
export function costText(usd: number | undefined): string {
  if (usd === undefined) return UNTOLD;
  return usd > 0 && usd < 0.000_05 ? '<$0.0001' : `$${grouped(usd, 4)}`;
}

export function wallText(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(seconds % 60)} s`;
  return `${grouped(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}

function grouped(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
