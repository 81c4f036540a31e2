import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import initSqlJs from 'sql.js';
import { describe, expect, it } from 'vitest';
import type { LogLevel } from '../../src/base/log.ts';
import type { Usage } from '../../src/domain/artifact.ts';
import type { JobEvent } from '../../src/domain/event.ts';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import { Vault } from '../../src/store/vault.ts';
import {
  answered,
  asked,
  attemptFailed,
  attemptLost,
  canceled,
  deferred,
  deliveryStarted,
  expired,
  failed,
  laterEvents,
  leased,
  lifted,
  sealed,
  submitted,
  succeeded,
  withheld,
  withUsage,
} from './events.ts';
import { FlakyDisk } from './flakyDisk.ts';
import { inDirectory, openRecord, tryOpen, valueOf } from './record.ts';
import { addUsage, rowsOf } from './usageOf.ts';

const HOUR = 3600 * 1000;
const JOBS = 12;

const usage = fc.record(
  {
    inputTokens: fc.nat(1_000_000),
    cachedInputTokens: fc.nat(1_000_000),
    outputTokens: fc.nat(100_000),
    costUsd: fc.nat(50_000_000).map((micro) => micro / 1e6),
    turns: fc.nat(50),
  },
  { requiredKeys: [] },
);

const ends: ((attempt: number) => JobEvent)[] = [
  succeeded,
  failed,
  withheld,
  attemptFailed,
  deferred,
  attemptLost,
  (attempt) => ({ type: 'attemptLost', attempt, drained: true }),
  () => canceled,
  () => expired,
];

/** A piece of a job's life, of the attempt that is under way or comes next; with anything at all in between. */
const piece = fc
  .record({
    job: fc.nat(JOBS - 1),
    kind: fc.constantFrom('submit', 'begin', 'run', 'end', 'lift', 'seal', 'any'),
    end: fc.constantFrom(...ends),
    any: fc.constantFrom(...laterEvents),
    usage: fc.option(usage, { nil: undefined }),
  })
  .map(({ job, kind, end, any, usage }) => ({
    job,
    make: (attempt: number): readonly JobEvent[] => {
      const ended = withUsage(end(attempt), usage);
      switch (kind) {
        case 'submit':
          return [submitted()];
        case 'begin':
          return [leased(attempt + 1), asked(attempt + 1), answered(attempt + 1)];
        case 'run':
          return [leased(attempt + 1), withUsage(end(attempt + 1), usage)];
        case 'end':
          return [ended];
        case 'lift':
          return [lifted];
        case 'seal':
          return [withUsage(sealed(attempt), usage)];
        case 'any':
          return [withUsage(any, usage)];
      }
    },
  }));

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      events: fc.array(piece, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      events: fc.array(piece, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'look' as const }) },
);

/** What the events of these jobs come to; those that no job was made of have none. */
async function told(store: JobStore, ids: readonly JobId[]): Promise<readonly unknown[]> {
  const totals: Parameters<typeof addUsage>[0] = new Map();
  for (const id of ids) {
    const events = await store.events(id);
    if (events.ok) addUsage(totals, events.value);
  }
  return rowsOf(totals);
}

describe('the totals', () => {
  it('are what the events say, after any history with faults, snapshots and new starts', async () => {
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), (steps) =>
        inDirectory(async (directory) => {
          const ids = Array.from({ length: JOBS }, () => newJobId());
          const disk = new FlakyDisk();
          let store = await openRecord(directory, { disk });
          const attempts = new Map<JobId, number>();
          let time = 1_700_000_000_000;
          try {
            for (const one of steps) {
              if (one.kind === 'compact') valueOf(await store.compact());
              else if (one.kind === 'look') valueOf(await store.usage({}));
              else if (one.kind === 'reopen') {
                await store.close();
                store = await openRecord(directory, { disk });
              } else {
                if (one.kind === 'fault') disk.fail.sync.push('EIO');
                const appends = one.events.flatMap(({ job, make }) => {
                  const id = ids[job] ?? newJobId();
                  const attempt = attempts.get(id) ?? 0;
                  return make(attempt).map((event) => {
                    time += HOUR;
                    return store.append(id, event, time);
                  });
                });
                await Promise.all(appends);
                for (const { id, attempt } of store.live()) attempts.set(id, attempt);
                disk.fail.sync.length = 0;
              }
            }
            const rows = valueOf(await store.usage({}));
            expect(rows).toEqual(await told(store, ids));
            counted += rows.reduce((sum, row) => sum + row.attempts, 0);
            await store.close();
            store = await openRecord(directory, { disk });
            expect(valueOf(await store.usage({}))).toEqual(rows);
          } finally {
            await store.close();
          }
        }),
      ),
      { numRuns: 100 },
    );
    // Histories in which nothing runs would prove nothing.
    expect(counted).toBeGreaterThan(100);
  }, 120_000);

  it('count each attempt on the day of its end, and what a stopped one used on the day on which it was stopped', () =>
    inDirectory(async (directory) => {
      const store = await openRecord(directory);
      const noon = Date.UTC(2026, 0, 1, 12);
      const append = async (id: JobId, events: readonly JobEvent[]): Promise<void> => {
        for (const [index, one] of events.entries()) valueOf(await store.append(id, one, noon + index * 11 * HOUR));
      };
      const used = { inputTokens: 100, costUsd: 0.1 };
      const [retried, stopped, lost] = [newJobId(), newJobId(), newJobId()];
      // Leased at 23:00, ended at 10:00.
      await append(retried, [
        submitted(),
        leased(1),
        withUsage(attemptFailed(1), used),
        leased(2),
        withUsage(succeeded(2), { ...used, costUsd: 0.2 }),
      ]);
      await append(stopped, [submitted(), leased(), canceled, withUsage(sealed(), { outputTokens: 7 })]);
      await append(lost, [submitted(), leased(), attemptLost()]);
      expect(valueOf(await store.usage({}))).toEqual([
        {
          day: '2026-01-02',
          executor: 'command',
          attempts: 3,
          succeeded: 0,
          failed: 1,
          spent: { wallMs: 22 * HOUR, inputTokens: 100, outputTokens: 7, costUsd: 0.1 },
        },
        {
          day: '2026-01-03',
          executor: 'command',
          attempts: 1,
          succeeded: 1,
          failed: 0,
          spent: { wallMs: 11 * HOUR, inputTokens: 100, costUsd: 0.2 },
        },
      ]);
      expect(valueOf(await store.usage({ since: '2026-01-03' })).map(({ day }) => day)).toEqual(['2026-01-03']);
      expect(valueOf(await store.usage({ until: '2026-01-02' })).map(({ day }) => day)).toEqual(['2026-01-02']);
      expect(valueOf(await store.usage({ since: '2026-01-04' }))).toEqual([]);
      // Both attempts are the job's own, exactly: 0.1 + 0.2 would not be 0.3.
      expect(valueOf(await store.get(retried)).spent).toEqual({ wallMs: 22 * HOUR, inputTokens: 200, costUsd: 0.3 });
      expect(valueOf(await store.get(stopped)).spent).toEqual({ wallMs: 11 * HOUR, outputTokens: 7 });
      await store.close();
    }));

  it('know nothing of an attempt that only judges a patch again, whatever it carries', () =>
    inDirectory(async (directory) => {
      const store = await openRecord(directory);
      const id = newJobId();
      const used = { inputTokens: 5, turns: 0 };
      const events = [
        submitted(),
        leased(1),
        withUsage(withheld(1), used),
        lifted,
        leased(2),
        withUsage(succeeded(2), used),
      ];
      for (const [index, one] of events.entries()) valueOf(await store.append(id, one, index));
      expect(valueOf(await store.usage({}))).toMatchObject([
        { attempts: 1, succeeded: 0, failed: 1, spent: { wallMs: 1, inputTokens: 5, turns: 0 } },
      ]);
      await store.close();
    }));

  it('bear a program that lies', () =>
    inDirectory(async (directory) => {
      const store = await openRecord(directory);
      for (const inputTokens of [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, -5]) {
        const id = newJobId();
        for (const one of [submitted(), leased(), withUsage(failed(), { inputTokens, costUsd: 1e300 })])
          valueOf(await store.append(id, one, 0));
      }
      expect(valueOf(await store.usage({}))).toMatchObject([{ spent: { inputTokens: 2e12, costUsd: 3e6 } }]);
      await store.close();
    }));

  it('are made from the events of a record that had none', () =>
    inDirectory(async (directory) => {
      const store = await openRecord(directory);
      const ids = Array.from({ length: 5 }, () => newJobId());
      const [done = newJobId(), stopped = newJobId(), live = newJobId(), applied = newJobId(), late = newJobId()] = ids;
      const append = async (id: JobId, ...events: readonly JobEvent[]): Promise<void> => {
        for (const one of events) valueOf(await store.append(id, one, 1000));
      };
      const used: Usage = { inputTokens: 3, costUsd: 0.000_001 };
      await append(done, submitted(), leased(), withUsage(succeeded(), used));
      await append(stopped, submitted(), leased(), expired, withUsage(sealed(), used));
      await append(live, submitted(), leased(), withUsage(attemptFailed(), used), leased(2));
      await append(applied, submitted(), leased(), withUsage(succeeded(), used));
      valueOf(await store.compact());
      // Called back, and in the snapshot with its lines as well as in a pack.
      await append(applied, deliveryStarted);
      valueOf(await store.compact());
      await append(late, submitted(), leased(), withUsage(failed(), used));
      const rows = valueOf(await store.usage({}));
      expect(rows).toMatchObject([
        { attempts: 5, succeeded: 2, failed: 2, spent: { inputTokens: 15, costUsd: 0.000_005 } },
      ]);
      await store.close();

      await toFirstVersion(join(directory, 'relay.sqlite'));
      for (let start = 0; start < 2; start++) {
        const again = await openRecord(directory);
        expect(valueOf(await again.usage({}))).toEqual(rows);
        expect(await told(again, ids)).toEqual(rows);
        // The next event brings a snapshot of the new shape about.
        if (start === 1) valueOf(await again.append(newJobId(), submitted(), 1000));
        await again.close();
      }
      expect(await versionOf(join(directory, 'relay.sqlite'))).toBe(2);
      const last = await openRecord(directory);
      expect(valueOf(await last.usage({}))).toEqual(rows);
      await last.close();
    }));

  it('leave out, and say so, what of such a record cannot be read any more', () =>
    inDirectory(async (directory) => {
      const store = await openRecord(directory);
      const id = newJobId();
      for (const one of [submitted(), leased(), succeeded()]) valueOf(await store.append(id, one, 1));
      valueOf(await store.compact());
      await store.close();
      await toFirstVersion(join(directory, 'relay.sqlite'));
      const said: [LogLevel, unknown][] = [];
      const log = {
        write: (level: LogLevel, _message: string, fields?: Record<string, unknown>) =>
          void said.push([level, fields?.['jobs']]),
      };
      const again = valueOf(await tryOpen(directory, { log, vault: new Vault(join(directory, 'nothing here')) }));
      expect(said).toEqual([['warn', 1]]);
      expect(valueOf(await again.usage({}))).toEqual([]);
      await again.close();
    }));
});

/** A snapshot as the first version wrote it. */
async function toFirstVersion(path: string): Promise<void> {
  const { Database } = await initSqlJs();
  const database = new Database(await readFile(path));
  database.run('DROP TABLE usage; PRAGMA user_version = 1');
  await writeFile(path, database.export());
  database.close();
}

async function versionOf(path: string): Promise<unknown> {
  const { Database } = await initSqlJs();
  const database = new Database(await readFile(path));
  const version = database.exec('PRAGMA user_version')[0]?.values[0]?.[0];
  database.close();
  return version;
}
