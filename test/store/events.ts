import { sha256 } from '../../src/base/canonical.ts';
import type { Usage } from '../../src/domain/artifact.ts';
import type { JobEvent, Outcome } from '../../src/domain/event.ts';
import { Digest, ObjectId } from '../../src/domain/ids.ts';
import { JobSpec, type Priority } from '../../src/domain/jobSpec.ts';

type Of<T extends JobEvent['type']> = Extract<JobEvent, { type: T }>;

export const someDigest = Digest.parse(sha256('something'));

export function submitted({
  title = 'a task',
  key,
  priority,
  webhook,
}: { title?: string; key?: string; priority?: Priority; webhook?: string } = {}): Of<'submitted'> {
  const spec = JobSpec.parse({
    task: { title },
    execution: { command: 'true', ...(priority === undefined ? {} : { priority }) },
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(webhook === undefined ? {} : { notify: { webhook } }),
  });
  return {
    type: 'submitted',
    spec,
    specDigest: Digest.parse(sha256(JSON.stringify(spec))),
    baseline: ObjectId.parse('b'.repeat(40)),
    source: '/repo',
    workspace: '/repo',
    executor: 'command',
    origin: 'cli',
  };
}

const emptyOutcome: Outcome = { checks: [], artifacts: [], files: [], fileCount: 0 };

export const leased = (attempt = 1): JobEvent => ({ type: 'leased', attempt });
export const succeeded = (attempt = 1): JobEvent => ({ type: 'succeeded', attempt, outcome: emptyOutcome });
export const failed = (attempt = 1): JobEvent => ({
  type: 'failed',
  attempt,
  failure: { code: 'TIMEOUT', message: 'it took too long' },
  outcome: emptyOutcome,
});
/** Failed because of a secret, with the patch kept apart. */
export const withheld = (attempt = 1): JobEvent => ({
  type: 'failed',
  attempt,
  failure: { code: 'POLICY', message: 'a secret' },
  outcome: {
    ...emptyOutcome,
    summary: 'done',
    quarantine: {
      patch: someDigest,
      log: someDigest,
      provenance: { version: '1', prompt: someDigest },
      finds: [{ fingerprint: 'f', rule: 'a key', source: 'a.txt', line: 1, column: 1, preview: 'AKIA…' }],
    },
  },
});
export const lifted: JobEvent = { type: 'lifted', finds: ['f'], by: 'editor' };
export const attemptFailed = (attempt = 1): JobEvent => ({
  type: 'attemptFailed',
  attempt,
  failure: { code: 'EXECUTOR_ERROR', message: 'it failed' },
  outcome: emptyOutcome,
});
export const attemptLost = (attempt = 1): JobEvent => ({ type: 'attemptLost', attempt });
export const deferred = (attempt = 1): JobEvent => ({
  type: 'deferred',
  attempt,
  message: 'too many requests',
  until: 9,
  artifacts: [],
});
export const asked = (attempt = 1): JobEvent => ({
  type: 'asked',
  attempt,
  question: { askId: 'q', text: 'May it?', choices: ['yes', 'no'], deadline: 9 },
});
export const answered = (attempt = 1, askId = 'q'): JobEvent => ({
  type: 'answered',
  attempt,
  askId,
  answer: 'yes',
  by: 'a person',
});
export const canceled: JobEvent = { type: 'canceled', by: 'cli' };
export const expired: JobEvent = { type: 'expired' };
export const sealed = (attempt = 1): JobEvent => ({
  type: 'sealed',
  attempt,
  artifacts: [{ name: 'logs.txt', digest: someDigest, bytes: 9 }],
});
export const deliveryStarted: JobEvent = { type: 'deliveryStarted', receipt: someDigest, by: 'cli' };
export const delivered: JobEvent = { type: 'delivered' };
export const undoStarted: JobEvent = { type: 'undoStarted', by: 'cli' };
export const undone: JobEvent = { type: 'undone' };
const published: JobEvent = {
  type: 'published',
  branch: 'relay/a-task',
  commit: ObjectId.parse('c'.repeat(40)),
  remote: 'origin',
  by: 'cli',
};
export const notified: JobEvent = { type: 'notified', ok: true, tries: 1, status: 200 };

/** The event of an attempt whose program told this; others as they are. */
export function withUsage(event: JobEvent, usage: Usage | undefined): JobEvent {
  if (usage === undefined) return event;
  if ('outcome' in event) return { ...event, outcome: { ...event.outcome, usage } };
  return event.type === 'attemptLost' || event.type === 'deferred' || event.type === 'sealed'
    ? { ...event, usage }
    : event;
}

/** One of each that can follow the first, for attempts 1 and 2. */
export const laterEvents: readonly JobEvent[] = [
  ...[1, 2].flatMap((attempt) => [
    leased(attempt),
    succeeded(attempt),
    failed(attempt),
    withheld(attempt),
    attemptFailed(attempt),
    attemptLost(attempt),
    deferred(attempt),
    { type: 'attemptLost' as const, attempt, drained: true as const },
    asked(attempt),
    answered(attempt),
    sealed(attempt),
  ]),
  lifted,
  canceled,
  expired,
  deliveryStarted,
  delivered,
  undoStarted,
  undone,
  published,
  notified,
];
