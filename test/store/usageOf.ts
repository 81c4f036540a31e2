import type { Usage } from '../../src/domain/artifact.ts';
import type { JobEvent, JournalEntry } from '../../src/domain/event.ts';

interface Totals {
  attempts: number;
  succeeded: number;
  failed: number;
  wallMs: number;
  usage: Usage;
}

const TTL_MS = 3600 * 1000;

/** What one job's events come to, told another way than the store's: by day, for executors of one name. */
export function addUsage(totals: Map<string, Totals>, entries: readonly JournalEntry[]): void {
  let leasedAt: number | undefined;
  let endedAt = 0;
  let life = 0;
  let judgedAgain = false;
  const on = (at: number): Totals => {
    const day = new Date(at).toISOString().slice(0, 10);
    const known = totals.get(day) ?? { attempts: 0, succeeded: 0, failed: 0, wallMs: 0, usage: {} };
    totals.set(day, known);
    return known;
  };
  for (const { event, at } of entries) {
    if (event.type === 'submitted' || event.type === 'lifted') life = at + TTL_MS;
    if (event.type === 'lifted') judgedAgain = true;
    if (event.type === 'leased') leasedAt = at;
    if (event.type === 'canceled' || event.type === 'expired') endedAt = at;
    if (event.type === 'sealed' && event.usage !== undefined) addFigures(on(endedAt).usage, event.usage);
    if (leasedAt === undefined || !ends.has(event.type)) continue;
    const begun = leasedAt;
    leasedAt = undefined;
    if (judgedAgain) continue;
    const day = on(at);
    day.attempts += 1;
    if (event.type === 'succeeded') day.succeeded += 1;
    if (event.type === 'failed' || event.type === 'attemptFailed') day.failed += 1;
    day.wallMs += wallMs(event, begun, at, life);
    if ('outcome' in event) addFigures(day.usage, event.outcome.usage ?? {});
    if (event.type === 'attemptLost' || event.type === 'deferred') addFigures(day.usage, event.usage ?? {});
  }
}

const ends = new Set<JobEvent['type']>([
  'succeeded',
  'failed',
  'attemptFailed',
  'attemptLost',
  'deferred',
  'canceled',
  'expired',
]);

function wallMs(event: JobEvent, begun: number, at: number, life: number): number {
  if (event.type === 'attemptLost' && event.drained !== true) return 0;
  return Math.max(0, (event.type === 'expired' ? Math.min(at, life) : at) - begun);
}

function addFigures(sum: Usage, told: Usage): void {
  for (const [name, value] of Object.entries(told as Record<keyof Usage, number | undefined>)) {
    const figure = name as keyof Usage;
    // In whole micro-dollars or not at all: 0.1 + 0.2 is not 0.3.
    const scale = figure === 'costUsd' ? 1e6 : 1;
    sum[figure] = (Math.round((sum[figure] ?? 0) * scale) + Math.round((value ?? 0) * scale)) / scale;
  }
}

/** The same as rows of the store, for one executor. */
export function rowsOf(totals: ReadonlyMap<string, Totals>, executor = 'command'): readonly unknown[] {
  return [...totals]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, { attempts, succeeded, failed, wallMs, usage }]) => ({
      day,
      executor,
      attempts,
      succeeded,
      failed,
      spent: { ...usage, wallMs },
    }));
}
