import { costText, countText, wallText } from '../domain/usageText.ts';
import type { UsageTotal } from './usage.ts';

/** The columns of a table of usage; the first two are names, the others are figures. */
export const usageHead: readonly string[] = [
  'day (UTC)',
  'executor',
  'attempts',
  'succeeded',
  'failed',
  'input',
  'cached',
  'output',
  'cost',
  'turns',
  'time',
];

/** The figures of a row, for people. */
export function usageCells(row: UsageTotal): readonly string[] {
  return [
    countText(row.attempts),
    countText(row.succeeded),
    countText(row.failed),
    countText(row.inputTokens),
    countText(row.cachedInputTokens),
    countText(row.outputTokens),
    costText(row.costUsd),
    countText(row.turns),
    wallText(row.wallMs),
  ];
}
