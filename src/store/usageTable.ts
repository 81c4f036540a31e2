import type { Charge } from '../domain/charge.ts';
import { microUsdOf, usdOf, type Spent } from '../domain/spent.ts';
import type { SqlRow, SqlValue } from './rows.ts';

/** What the attempts of one executor that ended on one UTC day (YYYY-MM-DD) came to and cost. */
export interface UsageRow {
  readonly day: string;
  readonly executor: string;
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly spent: Spent;
}

/** Days as YYYY-MM-DD, both included. */
export interface UsageQuery {
  readonly since?: string;
  readonly until?: string;
}

const sums = ['attempts', 'succeeded', 'failed', 'wall_ms'] as const;
/** NULL until a program tells the first figure: that is another thing than zero. */
const told = ['input_tokens', 'cached_input_tokens', 'output_tokens', 'cost_micro_usd', 'turns'] as const;

/** Adds a charge to its row: the values of `encodeCharge`. */
export const ADD_CHARGE = `INSERT INTO usage (day, executor, ${[...sums, ...told].join(', ')})
  VALUES (?, ?, ${[...sums, ...told].map(() => '?').join(', ')})
  ON CONFLICT (day, executor) DO UPDATE SET ${[
    ...sums.map((name) => `${name} = ${name} + excluded.${name}`),
    ...told.map((name) => `${name} = coalesce(${name} + excluded.${name}, ${name}, excluded.${name})`),
  ].join(', ')}`;

export const SELECT_USAGE = 'SELECT * FROM usage WHERE day >= ? AND day <= ? ORDER BY day, executor';

export function encodeCharge({ day, executor, attempts, succeeded, failed, spent }: Charge): SqlValue[] {
  const { inputTokens, cachedInputTokens, outputTokens, costUsd, turns, wallMs } = spent;
  const cost = costUsd === undefined ? null : microUsdOf(costUsd);
  const programs = [inputTokens ?? null, cachedInputTokens ?? null, outputTokens ?? null, cost, turns ?? null];
  return [day, executor, attempts, succeeded, failed, wallMs, ...programs];
}

export function decodeUsage(row: SqlRow): UsageRow {
  const number = (name: string): number => Number(row[name]);
  const spent: Spent = { wallMs: number('wall_ms') };
  if (row['input_tokens'] !== null) spent.inputTokens = number('input_tokens');
  if (row['cached_input_tokens'] !== null) spent.cachedInputTokens = number('cached_input_tokens');
  if (row['output_tokens'] !== null) spent.outputTokens = number('output_tokens');
  if (row['cost_micro_usd'] !== null) spent.costUsd = usdOf(number('cost_micro_usd'));
  if (row['turns'] !== null) spent.turns = number('turns');
  return {
    day: String(row['day']),
    executor: String(row['executor']),
    attempts: number('attempts'),
    succeeded: number('succeeded'),
    failed: number('failed'),
    spent,
  };
}
