import { expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Artifact, Usage } from '../../src/domain/artifact.ts';
import type { JobEvent } from '../../src/domain/event.ts';
import { newJobId } from '../../src/domain/ids.ts';
import { isTerminal } from '../../src/domain/job.ts';
import { Holds } from '../../src/engine/holds.ts';
import type { AttemptEnd } from '../../src/engine/runner.ts';
import { Scheduler } from '../../src/engine/scheduler.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import { canceled, leased, lifted, someDigest, submitted, withheld, withUsage } from '../store/events.ts';
import { inDirectory, openRecord, valueOf } from '../store/record.ts';

const used: Usage = { inputTokens: 100, costUsd: 0.25 };
const artifacts: Artifact[] = [
  { name: 'patch.diff', digest: someDigest, bytes: 9 },
  { name: 'logs.txt', digest: someDigest, bytes: 9 },
];
const outcome = { checks: [], artifacts, files: [], fileCount: 0, usage: used };

/** A store, and a scheduler whose one attempt ends as it is told to, once its signal was raised. */
async function withScheduler(
  end: AttemptEnd,
  before: readonly JobEvent[],
  run: (store: JobStore, scheduler: Scheduler, running: Promise<void>) => Promise<JobEvent['type']>,
): Promise<{ readonly last: JobEvent | undefined; readonly rows: readonly unknown[] }> {
  return inDirectory(async (directory) => {
    const store = await openRecord(directory);
    const clock = new ManualClock();
    const jobId = newJobId();
    for (const event of before) valueOf(await store.append(jobId, event, clock.now()));
    let begin: (() => void) | undefined;
    const running = new Promise<void>((resolve) => (begin = resolve));
    const scheduler = new Scheduler({
      store,
      clock,
      log: silentLog,
      concurrency: 1,
      consent: () => Promise.resolve(undefined),
      choose: () => Promise.resolve({ kind: 'chosen', executor: 'command' }),
      holds: new Holds(clock, () => undefined),
      askFor: () => () => Promise.resolve(''),
      runner: {
        idle: () => Promise.resolve(),
        run: (_job, signal) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve(end));
            begin?.();
          }),
      },
    });
    store.onAppended(({ job }) => (isTerminal(job) ? scheduler.forget(job.id) : undefined));
    const last = await run(store, scheduler, running);
    await scheduler.stop();
    const entries = valueOf(await store.events(jobId));
    expect(entries.at(-1)?.event.type).toBe(last);
    const rows = valueOf(await store.usage({}));
    await store.close();
    return { last: entries.at(-1)?.event, rows };
  });
}

/** Cancels the job while its attempt runs, and waits for what is left of it. */
async function cancel(store: JobStore, scheduler: Scheduler, running: Promise<void>): Promise<'sealed'> {
  scheduler.wake();
  await running;
  const told = new Promise<void>((resolve) => {
    store.onAppended(({ entry }) => (entry.event.type === 'sealed' ? resolve() : undefined));
  });
  for (const { id } of store.live()) valueOf(await store.append(id, canceled, 1_700_000_000_000));
  await told;
  return 'sealed';
}

it('tells what an attempt used that a cancel stopped', async () => {
  const { last, rows } = await withScheduler({ kind: 'stopped', artifacts, usage: used }, [submitted()], cancel);
  expect(last).toEqual({ type: 'sealed', attempt: 1, artifacts, usage: used });
  expect(rows).toMatchObject([{ attempts: 1, succeeded: 0, failed: 0, spent: used }]);
});

it('keeps log and usage of an attempt whose end came a moment after the cancel, and no patch', async () => {
  const { last, rows } = await withScheduler({ kind: 'succeeded', outcome }, [submitted()], cancel);
  expect(last).toEqual({ type: 'sealed', attempt: 1, artifacts: artifacts.slice(1), usage: used });
  expect(rows).toMatchObject([{ attempts: 1, succeeded: 0, failed: 0, spent: used }]);
});

it('tells what an attempt used whose provider took no more', async () => {
  const limited = { kind: 'limited', message: 'no more today', artifacts, usage: used } as const;
  const stop = async (_store: JobStore, scheduler: Scheduler, running: Promise<void>): Promise<'deferred'> => {
    scheduler.wake();
    await running;
    await scheduler.stop();
    return 'deferred';
  };
  const { last, rows } = await withScheduler(limited, [submitted()], stop);
  expect(last).toMatchObject({ type: 'deferred', attempt: 1, usage: used });
  expect(rows).toMatchObject([{ attempts: 1, succeeded: 0, failed: 0, spent: used }]);
  const canceledFirst = await withScheduler(limited, [submitted()], cancel);
  expect(canceledFirst.last).toEqual({ type: 'sealed', attempt: 1, artifacts, usage: used });
});

it('tells what an attempt used that its host gave back', async () => {
  const { last, rows } = await withScheduler(
    { kind: 'stopped', artifacts, usage: used },
    [submitted()],
    async (_store, scheduler, running) => {
      scheduler.wake();
      await running;
      await scheduler.stop();
      return 'attemptLost';
    },
  );
  expect(last).toEqual({ type: 'attemptLost', attempt: 1, drained: true, usage: used });
  expect(rows).toMatchObject([{ attempts: 1, succeeded: 0, failed: 0, spent: used }]);
});

it('tells nothing twice of a patch that is judged again', async () => {
  const before = [submitted(), leased(), withUsage(withheld(), used), lifted];
  const { last, rows } = await withScheduler({ kind: 'stopped', artifacts, usage: used }, before, cancel);
  expect(last).not.toHaveProperty('usage');
  expect(rows).toMatchObject([{ attempts: 1, failed: 1, spent: used }]);
});
