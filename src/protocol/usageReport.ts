import { sumOf } from '../domain/spent.ts';
import type { UsageReport, UsageRow, UsageTotal } from './usage.ts';

/** A report of these rows, of one record or of several: those of the same day and executor are one. */
export function usageReport(rows: readonly UsageRow[]): UsageReport {
  const byKey = new Map<string, UsageRow>();
  for (const row of rows) {
    const { day, executor } = row;
    const key = `${day} ${executor}`;
    const other = byKey.get(key);
    byKey.set(key, other === undefined ? row : { day, executor, ...totalOf(other, row) });
  }
  const none: UsageTotal = { attempts: 0, succeeded: 0, failed: 0, wallMs: 0 };
  return {
    rows: [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
    total: rows.reduce<UsageTotal>(totalOf, none),
  };
}

function totalOf(a: UsageTotal, b: UsageTotal): UsageTotal {
  return {
    attempts: a.attempts + b.attempts,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    ...sumOf(a, b),
  };
}
