import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobEvent, JournalEntry } from '../../src/domain/event.ts';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import { isTerminal, owesNotice, type Job } from '../../src/domain/job.ts';
import { Priority, priorityOf } from '../../src/domain/jobSpec.ts';
import { created, transition } from '../../src/domain/machine.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import {
  attemptLost,
  canceled,
  deliveryStarted,
  delivered,
  failed,
  laterEvents,
  leased,
  sealed,
  submitted,
  succeeded,
  withUsage,
  lifted,
  notified,
  withheld,
} from './events.ts';
import { inDirectory, valueOf } from './record.ts';
import { addUsage, rowsOf } from './usageOf.ts';

export type OpenStore = (directory: string) => Promise<JobStore>;

const nobody: ReadonlySet<JobId> = new Set();
const page = { limit: 100, offset: 0 };

/** Laws every JobStore keeps; run once an adapter. `open` opens the record in a directory, as it was left there. */
export function exerciseJobStore(open: OpenStore): void {
  const withStore = (run: (store: JobStore, directory: string) => Promise<void>): Promise<void> =>
    inDirectory(async (directory) => {
      const store = await open(directory);
      try {
        await run(store, directory);
      } finally {
        await store.close();
      }
    });

  describe('an append', () => {
    it('refuses the report of an attempt that was lost', () =>
      withStore(async (store) => {
        const jobId = newJobId();
        for (const event of [submitted(), leased(1), attemptLost(1), leased(2)]) {
          valueOf(await store.append(jobId, event, 1));
        }
        expect(await store.append(jobId, succeeded(1), 2)).toMatchObject({ ok: false, error: { kind: 'illegal' } });
        expect(valueOf(await store.get(jobId))).toMatchObject({ state: 'RUNNING', attempt: 2, stateVersion: 4 });
      }));

    it('sees what came before it in the same turn', () =>
      withStore(async (store) => {
        const jobId = newJobId();
        const results = await Promise.all([
          store.append(jobId, submitted({ key: 'k' }), 1),
          store.append(jobId, leased(1), 2),
          store.append(jobId, canceled, 3),
          store.append(jobId, canceled, 4),
        ]);
        expect(results.map((result) => result.ok)).toEqual([true, true, true, false]);
        expect(valueOf(await store.events(jobId)).map(({ seq, at }) => [seq, at])).toEqual([
          [1, 1],
          [2, 2],
          [3, 3],
        ]);
      }));

    it('knows no job that was not submitted, and submits none twice', () =>
      withStore(async (store) => {
        const jobId = newJobId();
        expect(await store.append(jobId, leased(), 1)).toMatchObject({ ok: false, error: { kind: 'notFound' } });
        expect(await store.get(jobId)).toMatchObject({ ok: false, error: { kind: 'notFound' } });
        expect(await store.events(jobId)).toMatchObject({ ok: false, error: { kind: 'notFound' } });
        valueOf(await store.append(jobId, submitted(), 1));
        expect(await store.append(jobId, submitted(), 2)).toMatchObject({ ok: false, error: { kind: 'illegal' } });
      }));

    it('is announced once and in order, with the job as it was just after it', () =>
      withStore(async (store) => {
        const heard: [number, string, number][] = [];
        const listening = store.onAppended(({ entry, job }) =>
          heard.push([entry.seq, entry.event.type, job.stateVersion]),
        );
        const jobId = newJobId();
        await Promise.all([submitted(), leased(), failed()].map((event) => store.append(jobId, event, 1)));
        listening.dispose();
        await store.append(newJobId(), submitted(), 1);
        expect(heard).toEqual([
          [1, 'submitted', 1],
          [2, 'leased', 2],
          [3, 'failed', 3],
        ]);
      }));

    it('outlives a listener that throws', () =>
      withStore(async (store) => {
        store.onAppended(() => {
          throw new Error('a bug of the listener');
        });
        valueOf(await store.append(newJobId(), submitted(), 1));
        valueOf(await store.append(newJobId(), submitted(), 1));
        expect(store.live()).toHaveLength(2);
      }));

    it('is refused once the store is closed', () =>
      withStore(async (store) => {
        await store.close();
        expect(await store.append(newJobId(), submitted(), 1)).toMatchObject({ ok: false, error: { kind: 'io' } });
        expect(await store.list(page)).toMatchObject({ ok: false, error: { kind: 'io' } });
      }));
  });

  describe('a read', () => {
    it('waits for what was applied before it', () =>
      withStore(async (store) => {
        const jobId = newJobId();
        const order: string[] = [];
        const appended = store.append(jobId, submitted({ title: 'mine' }), 1).then(() => order.push('append'));
        const read = store.get(jobId).then((job) => order.push(valueOf(job).spec.task.title));
        const settled = store.settled().then(() => order.push('settled'));
        await Promise.all([appended, read, settled]);
        expect(order[0]).toBe('append');
        expect(order).toContain('mine');
      }));

    it('pages the newest first and filters by state', () =>
      withStore(async (store) => {
        const ids = Array.from({ length: 5 }, () => newJobId());
        for (const [index, id] of ids.entries()) valueOf(await store.append(id, submitted(), 100 - index));
        valueOf(await store.append(ids[1] ?? newJobId(), canceled, 200));
        const newest = valueOf(await store.list({ limit: 2, offset: 1 }));
        expect(newest.rows.map((row) => row.jobId)).toEqual([ids[3], ids[2]]);
        expect(newest.total).toBe(5);
        const queued = valueOf(await store.list({ state: 'QUEUED', ...page }));
        expect(queued.rows.map((row) => row.jobId)).toEqual([ids[4], ids[3], ids[2], ids[0]]);
        expect(queued.total).toBe(4);
        const [stopped] = valueOf(await store.list({ state: 'CANCELED', ...page })).rows;
        expect(stopped).toMatchObject({ jobId: ids[1], createdAt: 99, finishedAt: 200, stateVersion: 2 });
      }));

    it('finds a job by the beginning of its id, and at most two', () =>
      withStore(async (store) => {
        const ids = Array.from({ length: 40 }, () => newJobId());
        for (const id of ids) valueOf(await store.append(id, submitted(), 1));
        const [one = newJobId()] = ids;
        expect(valueOf(await store.find(one))).toEqual([one]);
        expect(valueOf(await store.find(''))).toHaveLength(2);
        for (const odd of ['%', '_', "'", 'A', '\u{10ffff}', one + 'a'])
          expect(valueOf(await store.find(odd))).toEqual([]);
      }));
  });

  describe('the queue', () => {
    it('goes by priority, then age; a job that comes back keeps its place', () =>
      withStore(async (store) => {
        const [low, old, young, urgent] = [newJobId(), newJobId(), newJobId(), newJobId()];
        const submit = (id: JobId, priority: Priority) => store.append(id, submitted({ priority }), 1);
        await Promise.all([submit(low, 'P2'), submit(old, 'P1'), submit(young, 'P1'), submit(urgent, 'P0')]);
        expect(store.nextQueued(nobody)?.id).toBe(urgent);
        expect(store.nextQueued(new Set([urgent]))?.id).toBe(old);
        for (const event of [leased(1), attemptLost(1)]) valueOf(await store.append(old, event, 2));
        expect(store.nextQueued(new Set([urgent]))?.id).toBe(old);
        expect(store.nextQueued(new Set([urgent, old, young]))?.id).toBe(low);
        expect(store.live().map(({ id }) => id)).toEqual([low, old, young, urgent]);
      }));
  });

  describe('a job that is done and archived', () => {
    it('takes later events, across reopening', () =>
      inDirectory(async (directory) => {
        const jobId = newJobId();
        const stopped = newJobId();
        let store = await open(directory);
        for (const event of [submitted({ key: 'k' }), leased(), succeeded()]) await store.append(jobId, event, 1);
        for (const event of [submitted(), leased(), canceled]) await store.append(stopped, event, 1);
        valueOf(await store.compact());
        expect(valueOf(await store.get(jobId))).toMatchObject({ state: 'SUCCEEDED', stateVersion: 3 });
        const both = await Promise.all([
          store.append(jobId, deliveryStarted, 5),
          store.append(jobId, deliveryStarted, 6),
          store.append(stopped, sealed(), 6),
        ]);
        expect(both.map((result) => result.ok)).toEqual([true, false, true]);
        expect(store.delivering()).toEqual([jobId]);
        valueOf(await store.compact());
        await store.close();
        store = await open(directory);
        expect(store.delivering()).toEqual([jobId]);
        expect(valueOf(await store.get(stopped))).toMatchObject({
          state: 'CANCELED',
          artifacts: [{ name: 'logs.txt' }],
        });
        valueOf(await store.append(jobId, delivered, 7));
        valueOf(await store.compact());
        valueOf(await store.compact());
        expect(valueOf(await store.events(jobId)).map(({ event }) => event.type)).toEqual([
          'submitted',
          'leased',
          'succeeded',
          'deliveryStarted',
          'delivered',
        ]);
        expect(store.delivering()).toEqual([]);
        expect(store.byKey('k')).toMatchObject({ jobId, finishedAt: 1 });
        expect(await store.append(jobId, submitted(), 8)).toMatchObject({ ok: false, error: { kind: 'illegal' } });
        await store.close();
      }));
  });

  it('stays out of the archive while its webhook has not been told', () =>
    inDirectory(async (directory) => {
      const jobId = newJobId();
      let store = await open(directory);
      for (const event of [submitted({ webhook: 'https://example.org/' }), leased(), withheld()])
        valueOf(await store.append(jobId, event, 1));
      expect(store.owing()).toEqual([jobId]);
      for (let turn = 0; turn < 2; turn++) {
        valueOf(await store.compact());
        await store.close();
        store = await open(directory);
        expect(store.owing()).toEqual([jobId]);
      }
      // What comes to another end owes another notice.
      valueOf(await store.append(jobId, notified, 2));
      expect(store.owing()).toEqual([]);
      expect(await store.append(jobId, notified, 2)).toMatchObject({ ok: false, error: { kind: 'illegal' } });
      valueOf(await store.compact());
      for (const event of [lifted, canceled]) valueOf(await store.append(jobId, event, 3));
      expect(store.owing()).toEqual([jobId]);
      await store.close();
    }));

  it('keeps every event of any sequence, whenever it is compacted or reopened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) =>
        inDirectory(async (directory) => {
          const model = new Model();
          let store = await open(directory);
          try {
            for (const one of steps) {
              if (one.kind === 'compact') valueOf(await store.compact());
              else if (one.kind === 'reopen') {
                await store.close();
                store = await open(directory);
              } else {
                const expected = one.events.map(({ job, event }) => model.append(job, event));
                const got = await Promise.all(
                  one.events.map(({ job, event }, index) =>
                    store.append(model.idOf(job), event, model.timeOf(expected.length - index)),
                  ),
                );
                expect(got.map((result) => result.ok)).toEqual(expected);
              }
              await model.compare(store);
            }
          } finally {
            await store.close();
          }
        }),
      ),
      { numRuns: 100 },
    );
  }, 120_000);
}

const JOBS = 5;
/** Between two events: a history takes days. */
const STEP_MS = 1_000_000;

/** Mostly legal paths, so that deep states are reached, with anything at all in between. */
const appendedEvent = fc.record({
  job: fc.nat(JOBS - 1),
  event: fc.oneof(
    fc
      .record({
        key: fc.option(fc.constantFrom('k1', 'k2'), { nil: undefined }),
        priority: fc.constantFrom(...Priority.options),
        webhook: fc.constantFrom({}, { webhook: 'https://example.org/' }),
      })
      .map(({ key, priority, webhook }): JobEvent =>
        submitted({ priority, ...webhook, ...(key === undefined ? {} : { key }) }),
      ),
    fc.constantFrom(leased(1), withUsage(succeeded(1), { turns: 2, costUsd: 0.1 }), deliveryStarted, delivered),
    fc.constantFrom(...laterEvents),
  ),
});

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      events: fc.array(appendedEvent, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

/** What a store must say: the state machine over a list. */
class Model {
  readonly #ids = Array.from({ length: JOBS }, () => newJobId());
  readonly #jobs = new Map<JobId, Job>();
  readonly #log: JournalEntry[] = [];
  #time = 1000 * STEP_MS;

  idOf(index: number): JobId {
    const id = this.#ids[index];
    if (id === undefined) throw new Error('no such job');
    return id;
  }

  /** The time of the n-th append from the last. */
  timeOf(n: number): number {
    return this.#time - n * STEP_MS;
  }

  append(index: number, event: JobEvent): boolean {
    const at = this.#time;
    this.#time += STEP_MS;
    const jobId = this.idOf(index);
    const job = this.#jobs.get(jobId);
    const next =
      job === undefined
        ? event.type === 'submitted'
          ? { ok: true as const, value: created(jobId, event, at) }
          : { ok: false as const }
        : transition(job, event, at);
    if (!next.ok) return false;
    this.#jobs.set(jobId, next.value);
    this.#log.push({ seq: this.#log.length + 1, at, jobId, event });
    return true;
  }

  async compare(store: JobStore): Promise<void> {
    const jobs = [...this.#jobs.values()];
    const numbers: number[] = [];
    const totals: Parameters<typeof addUsage>[0] = new Map();
    for (const job of jobs) {
      expect(valueOf(await store.get(job.id))).toEqual(job);
      const events = valueOf(await store.events(job.id));
      const own = this.#log.filter(({ jobId }) => jobId === job.id);
      expect(events.map(({ at, event }) => ({ at, event }))).toEqual(own.map(({ at, event }) => ({ at, event })));
      expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b));
      addUsage(totals, events);
      numbers.push(...events.map(({ seq }) => seq));
    }
    // Of what was asked for in one turn, an archived job's event waits for the archive: only a job's own order is a law.
    expect(numbers.sort((a, b) => a - b)).toEqual(this.#log.map(({ seq }) => seq));
    expect(valueOf(await store.usage({}))).toEqual(rowsOf(totals));
    const { rows, total } = valueOf(await store.list(page));
    expect(rows.map(({ jobId, state, stateVersion }) => [jobId, state, stateVersion])).toEqual(
      jobs.map((job) => [job.id, job.state, job.stateVersion]).reverse(),
    );
    expect(total).toBe(jobs.length);
    expect(store.live()).toEqual(jobs.filter((job) => !isTerminal(job)));
    expect(new Set(store.delivering())).toEqual(new Set(jobs.filter(isUnderDelivery).map(({ id }) => id)));
    expect(new Set(store.owing())).toEqual(new Set(jobs.filter(owesNotice).map(({ id }) => id)));
    const queued = jobs.filter((job) => job.state === 'QUEUED');
    const next = Priority.options.flatMap((p) => queued.filter((job) => priorityOf(job.spec) === p))[0];
    expect(store.nextQueued(nobody)).toEqual(next);
    for (const key of ['k1', 'k2', 'k3']) {
      const newest = jobs.findLast((job) => job.spec.idempotencyKey === key);
      const found = store.byKey(key);
      expect(found?.jobId).toBe(newest?.id);
      expect(found?.specDigest).toBe(newest?.specDigest);
      expect(found?.finishedAt).toBe(newest !== undefined && isTerminal(newest) ? newest.finishedAt : undefined);
    }
  }
}

function isUnderDelivery(job: Job): boolean {
  return job.state === 'SUCCEEDED' && (job.delivery.state === 'applying' || job.delivery.state === 'undoing');
}
