import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobEvent } from '../../src/domain/event.ts';
import { Digest, newJobId, ObjectId } from '../../src/domain/ids.ts';
import { isTerminal, type Job, type JobState } from '../../src/domain/job.ts';
import { created, transition } from '../../src/domain/machine.ts';
import {
  answered,
  asked,
  attemptFailed,
  attemptLost,
  canceled,
  deferred,
  delivered,
  deliveryStarted,
  expired,
  failed,
  laterEvents,
  leased,
  lifted,
  sealed,
  someDigest,
  submitted,
  succeeded,
  undone,
  undoStarted,
  withheld,
} from '../store/events.ts';

const id = newJobId();

/** The job after these events, each a second after the one before; fails the test where one is illegal. */
function after(...events: readonly JobEvent[]): Job {
  let job: Job = created(id, submitted(), 1000);
  for (const [index, event] of events.entries()) {
    const next = transition(job, event, 2000 + index * 1000);
    if (!next.ok) throw new Error(next.error.message);
    job = next.value;
  }
  return job;
}

function refuses(job: Job, event: JobEvent): boolean {
  return !transition(job, event, 9000).ok;
}

describe('a job', () => {
  it('begins QUEUED, with an end to its life', () => {
    expect(after()).toMatchObject({
      state: 'QUEUED',
      stateVersion: 1,
      attempt: 0,
      createdAt: 1000,
      expiresAt: 3_601_000,
    });
  });

  it('carries what its state has, and nothing of the state before', () => {
    expect(after(leased())).toMatchObject({ state: 'RUNNING', attempt: 1, startedAt: 2000 });
    expect(after(leased(), asked())).toMatchObject({ state: 'WAITING', question: { askId: 'q' }, startedAt: 2000 });
    expect(after(leased(), asked(), answered())).not.toHaveProperty('question');
    expect(after(leased(), attemptFailed())).not.toHaveProperty('startedAt');
    expect(after(leased(), succeeded())).toMatchObject({ finishedAt: 3000, delivery: { state: 'none' } });
    expect(after(leased(), failed())).toMatchObject({ state: 'FAILED', failure: { code: 'TIMEOUT' } });
    expect(after(canceled)).toMatchObject({ state: 'CANCELED', finishedAt: 2000, artifacts: [] });
    expect(after(canceled)).not.toHaveProperty('startedAt');
    expect(after(leased(), expired, sealed())).toMatchObject({ artifacts: [{ name: 'logs.txt' }] });
  });

  it('keeps the graft of its baseline and what it is to its parent, whatever happens to it', () => {
    const graft = { on: ObjectId.parse('a'.repeat(40)), pack: someDigest };
    const relation = 'followUp';
    const grafted = created(id, { ...submitted(), graft, relation }, 1000);
    expect(grafted).toMatchObject({ graft, relation });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...laterEvents), { maxLength: 40 }), (events) => {
        const end = events.reduce<Job>((job, event) => {
          const next = transition(job, event, 2000);
          return next.ok ? next.value : job;
        }, grafted);
        expect(end).toMatchObject({ graft, relation });
      }),
    );
  });

  it('refuses what an older attempt reports late, or a newer one before its time', () => {
    const second = after(leased(1), attemptLost(1), leased(2));
    for (const report of [succeeded, failed, attemptFailed, attemptLost, deferred, asked]) {
      expect(refuses(second, report(1))).toBe(true);
      expect(refuses(after(leased(1)), report(2))).toBe(true);
    }
    expect(refuses(after(leased(1), attemptFailed(1)), leased(1))).toBe(true);
    expect(refuses(after(leased(1), asked(1)), answered(1, 'another'))).toBe(true);
  });

  it('counts failures and losses apart, and ends at the fourth loss', () => {
    expect(after(leased(1), attemptFailed(1), leased(2), attemptLost(2))).toMatchObject({
      failedAttempts: 1,
      lostAttempts: 1,
    });
    const lost = [1, 2, 3].flatMap((attempt) => [leased(attempt), attemptLost(attempt)]);
    expect(after(...lost)).toMatchObject({ state: 'QUEUED', lostAttempts: 3 });
    expect(after(...lost, leased(4), attemptLost(4))).toMatchObject({
      state: 'FAILED',
      lostAttempts: 4,
      failure: { code: 'INTERNAL_ERROR' },
    });
  });

  it('that its provider puts off goes back to the queue, and no attempt is counted', () => {
    expect(after(leased(1), deferred(1), leased(2), asked(2), deferred(2))).toMatchObject({
      state: 'QUEUED',
      attempt: 2,
      failedAttempts: 0,
      lostAttempts: 0,
    });
  });

  it('has the executor that was taken for it', () => {
    expect(after({ type: 'leased', attempt: 1, executor: 'codex' }, attemptFailed(1))).toMatchObject({
      executor: 'codex',
    });
    expect(after(leased(1))).toMatchObject({ executor: 'command' });
  });

  it('is given back by hosts that are stopped as often as they are', () => {
    const drained = (attempt: number): JobEvent => ({ type: 'attemptLost', attempt, drained: true });
    const given = [1, 2, 3, 4, 5].flatMap((attempt) => [leased(attempt), drained(attempt)]);
    expect(after(...given)).toMatchObject({ state: 'QUEUED', attempt: 5, lostAttempts: 0, failedAttempts: 0 });
    expect(after(leased(1), attemptLost(1), leased(2), asked(2), drained(2))).toMatchObject({ lostAttempts: 1 });
    expect(refuses(after(leased(1), drained(1), leased(2)), drained(1))).toBe(true);
  });

  it('reads a loss as an older version wrote it: of a host that died', () => {
    expect(JobEvent.parse({ type: 'attemptLost', attempt: 1 })).toEqual(attemptLost(1));
  });

  it('is delivered and undone, again and again, by the receipt it was given', () => {
    const there = [leased(), succeeded(), deliveryStarted, delivered];
    expect(after(...there)).toMatchObject({ delivery: { state: 'applied', receipt: someDigest, at: 5000 } });
    expect(after(...there, undoStarted, undone, deliveryStarted)).toMatchObject({ delivery: { state: 'applying' } });
    expect(after(leased(), succeeded(), deliveryStarted, undone)).toMatchObject({ delivery: { state: 'undone' } });
    const ended = after(leased(), succeeded());
    for (const event of [delivered, undoStarted, undone]) expect(refuses(ended, event)).toBe(true);
    for (const event of [delivered, undone]) expect(refuses(after(...there), event)).toBe(true);
    expect(refuses(after(...there, undoStarted), deliveryStarted)).toBe(true);
    expect(refuses(after(leased(), failed()), deliveryStarted)).toBe(true);
  });

  it('takes more of a patch that is applied in part, by a new receipt, and goes back to the earlier one', () => {
    const part = [leased(), succeeded(), deliveryStarted, delivered];
    const receipt = Digest.parse('b'.repeat(64));
    const more: JobEvent = { type: 'deliveryStarted', receipt, by: 'cli' };
    expect(after(...part, more)).toMatchObject({ delivery: { state: 'applying', receipt, earlier: someDigest } });
    expect(after(...part, more, delivered)).toMatchObject({ delivery: { state: 'applied', receipt } });
    expect(after(...part, more, delivered)).not.toHaveProperty('delivery.earlier');
    expect(after(...part, more, undone)).toMatchObject({ delivery: { state: 'applied', receipt: someDigest } });
    expect(after(...part, more, delivered, undoStarted, undone)).toMatchObject({
      delivery: { state: 'undone', receipt },
    });
  });

  it('is in the tree or on a branch, and goes from one to the other by an undo', () => {
    const toBranch: JobEvent = { type: 'deliveryStarted', receipt: someDigest, by: 'cli', branch: 'relay/x' };
    const onBranch = [leased(), succeeded(), toBranch, delivered];
    expect(after(...onBranch)).toMatchObject({ delivery: { state: 'applied', branch: 'relay/x' } });
    for (const event of [deliveryStarted, toBranch]) expect(refuses(after(...onBranch), event)).toBe(true);
    expect(refuses(after(leased(), succeeded(), deliveryStarted, delivered), toBranch)).toBe(true);
    expect(after(...onBranch, undoStarted, undone, deliveryStarted)).not.toHaveProperty('delivery.branch');
  });

  it('is judged again when a person lifts the secrets that it failed for, and has a new life for that', () => {
    const again = after(leased(1), withheld(1), lifted);
    expect(again).toMatchObject({
      state: 'QUEUED',
      attempt: 1,
      expiresAt: 4000 + 3_600_000,
      lifted: ['f'],
      rejudged: { patch: someDigest, summary: 'done' },
    });
    expect(again).not.toHaveProperty('failure');
    const retold = [leased(1), withheld(1), lifted, leased(2)];
    expect(after(...retold, asked(2), answered(2))).toHaveProperty('rejudged');
    expect(after(...retold, succeeded(2))).toMatchObject({ state: 'SUCCEEDED', lifted: ['f'] });
    expect(after(...retold, succeeded(2))).not.toHaveProperty('rejudged');
    expect(after(...retold, withheld(2), lifted)).toMatchObject({ lifted: ['f'] });
    for (const job of [after(leased(), failed()), after(leased(), succeeded()), after(canceled), after()]) {
      expect(refuses(job, lifted)).toBe(true);
    }
  });

  it('says what it is and what it does not take', () => {
    const refused = transition(after(leased(), succeeded()), leased(2), 1);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'illegal' } });
    if (!refused.ok) expect(refused.error.message).toContain('SUCCEEDED');
    if (!refused.ok) expect(refused.error.message).toContain('"leased" of attempt 2');
  });
});

const ways: Readonly<Record<JobState, readonly JobState[]>> = {
  QUEUED: ['RUNNING', 'CANCELED', 'EXPIRED'],
  RUNNING: ['WAITING', 'QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'],
  WAITING: ['RUNNING', 'QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'],
  SUCCEEDED: ['SUCCEEDED'],
  FAILED: ['QUEUED'],
  CANCELED: ['CANCELED'],
  EXPIRED: ['EXPIRED'],
};

it('goes only the ways that are drawn, one version a step, and leaves an end by a lift alone', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...laterEvents), { maxLength: 40 }), (events) => {
      let job: Job = created(id, submitted(), 0);
      for (const [at, event] of events.entries()) {
        const before = structuredClone(job);
        const next = transition(job, event, at);
        expect(job).toEqual(before);
        if (!next.ok) continue;
        expect(ways[job.state]).toContain(next.value.state);
        expect(next.value.stateVersion).toBe(job.stateVersion + 1);
        expect(next.value.attempt - job.attempt).toBe(event.type === 'leased' ? 1 : 0);
        if (isTerminal(job) && event.type !== 'lifted') expect(next.value.state).toBe(job.state);
        job = next.value;
      }
    }),
    { numRuns: 500 },
  );
});

describe('a branch that was pushed', () => {
  it('is told of a SUCCEEDED job alone, the newest, and stays told after an undo', () => {
    const pushed = { branch: 'relay/a', commit: ObjectId.parse('c'.repeat(40)), remote: 'origin' };
    const event: JobEvent = { type: 'published', ...pushed, by: 'cli' };
    const onBranch: JobEvent = { type: 'deliveryStarted', receipt: someDigest, by: 'cli', branch: 'relay/a' };
    const url = 'https://example.org/1';
    expect(refuses(after(leased(), failed()), event)).toBe(true);
    expect(refuses(after(leased()), event)).toBe(true);
    const done = after(leased(), succeeded(), onBranch, delivered, event, { ...event, url }, undoStarted, undone);
    expect(done).toMatchObject({ published: { ...pushed, url }, delivery: { state: 'undone', branch: 'relay/a' } });
  });
});
