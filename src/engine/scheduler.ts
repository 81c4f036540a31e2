import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Log } from '../base/log.ts';
import { never } from '../base/result.ts';
import type { JobEvent } from '../domain/event.ts';
import { isRetryable, type Failure } from '../domain/failure.ts';
import type { JobId } from '../domain/ids.ts';
import type { LiveJob, RunningJob } from '../domain/job.ts';
import { defaults } from '../domain/jobSpec.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { AttemptEnd, Runner } from './runner.ts';

export interface SchedulerOptions {
  readonly store: JobStore;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
  /** Asks a person where one must be asked before the job runs; answers why it may not. */
  readonly consent: (job: RunningJob, signal: AbortSignal) => Promise<Failure | undefined>;
  /** Jobs that run at once. */
  readonly concurrency: number;
}

/** The first pause before an event that could not be written is tried again, and the longest. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** Starts what is queued, by priority, then age, and records how it ends. Woken by events; nothing polls. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  /** Each job that has a place, with what stops its runner; undefined once the runner has ended. */
  readonly #running = new Map<JobId, AbortController | undefined>();
  readonly #attempts = new Set<Promise<void>>();
  readonly #expiries = new Map<JobId, Disposable>();
  #held: Disposable | undefined;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Fills the free places. Called whenever a job is queued or a place is free. */
  wake(): void {
    while (!this.#stopped && this.#held === undefined && this.#running.size < this.#options.concurrency) {
      const next = this.#options.store.nextQueued(new Set(this.#running.keys()));
      if (next === undefined) return;
      const controller = new AbortController();
      this.#running.set(next.id, controller);
      const attempt = this.#run(next.id, next.attempt + 1, controller).finally(() => {
        this.#running.delete(next.id);
        this.#attempts.delete(attempt);
        this.wake();
      });
      this.#attempts.add(attempt);
    }
  }

  /** Ends a job at its time to live, wherever it stands then. */
  expireInTime(job: LiveJob): void {
    this.#expiries.get(job.id)?.dispose();
    const { clock } = this.#options;
    const timer = clock.after(Math.max(0, job.expiresAt - clock.now()), () => {
      // The wall clock may have been set back meanwhile; then there is time left.
      if (clock.now() < job.expiresAt) {
        this.expireInTime(job);
        return;
      }
      this.#expiries.delete(job.id);
      void this.#expire(job.id);
    });
    this.#expiries.set(job.id, timer);
  }

  /** The job has ended: nothing of it is left to do. */
  forget(jobId: JobId): void {
    this.#expiries.get(jobId)?.dispose();
    this.#expiries.delete(jobId);
    this.#running.get(jobId)?.abort();
  }

  /** Starts nothing more, stops what runs, and waits for it. What ran is picked up again by the next host. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#held?.dispose();
    for (const timer of this.#expiries.values()) timer.dispose();
    this.#expiries.clear();
    for (const controller of this.#running.values()) controller?.abort();
    await Promise.all(this.#attempts);
    await this.#options.runner.idle();
  }

  async #run(jobId: JobId, attempt: number, controller: AbortController): Promise<void> {
    const { store, clock } = this.#options;
    const leased = await store.append(jobId, { type: 'leased', attempt }, clock.now());
    if (!leased.ok) {
      // It was canceled a moment before, or the disk refuses: the second must not become a busy loop.
      if (leased.error.kind === 'io') this.#hold();
      return;
    }
    if (leased.value.state !== 'RUNNING') return;
    const end = await this.#attempt(leased.value, controller.signal);
    this.#running.set(jobId, undefined);
    await this.#record(leased.value, end);
  }

  async #attempt(job: RunningJob, signal: AbortSignal): Promise<AttemptEnd> {
    const refused = await this.#options.consent(job, signal);
    if (signal.aborted) return { kind: 'stopped', artifacts: [] };
    return refused === undefined ? this.#options.runner.run(job, signal) : unrun(refused);
  }

  async #record(job: RunningJob, end: AttemptEnd): Promise<void> {
    const { store, clock, log } = this.#options;
    const event = this.#eventOf(job, end);
    if (event === undefined) return;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const done = await store.append(job.id, event, clock.now());
      if (done.ok || done.error.kind !== 'io') return;
      log.write('error', 'the end of an attempt could not be written; it is tried again', {
        jobId: job.id,
        error: done.error.message,
      });
      if (!(await this.#waited(wait))) return;
    }
  }

  #eventOf(job: RunningJob, end: AttemptEnd): JobEvent | undefined {
    const { attempt } = job;
    switch (end.kind) {
      case 'succeeded':
        return { type: 'succeeded', attempt, outcome: end.outcome };
      case 'failed': {
        const most = job.spec.execution?.maxAttempts ?? defaults.maxAttempts;
        // A patch that is judged again comes to the same each time.
        const again = job.rejudged === undefined && isRetryable(end.failure.code) && job.failedAttempts + 1 < most;
        return { type: again ? 'attemptFailed' : 'failed', attempt, failure: end.failure, outcome: end.outcome };
      }
      case 'stopped':
        // Stopped with its host, it goes back to the queue; stopped by a cancel or its time, it has ended before.
        return this.#stopped && this.#isUnderWay(job.id)
          ? { type: 'attemptLost', attempt, drained: true }
          : { type: 'sealed', attempt, artifacts: [...end.artifacts] };
      default:
        return never(end);
    }
  }

  #isUnderWay(jobId: JobId): boolean {
    return this.#options.store.live().some((job) => job.id === jobId);
  }

  async #expire(jobId: JobId): Promise<void> {
    const { store, clock, log } = this.#options;
    const done = await store.append(jobId, { type: 'expired' }, clock.now());
    if (!done.ok && done.error.kind === 'io') {
      log.write('error', 'an expiry could not be written', { jobId, error: done.error.message });
      if (await this.#waited(LONGEST_WAIT_MS)) await this.#expire(jobId);
    }
  }

  /** A pause; false where the scheduler was stopped before or after it. */
  #waited(ms: number): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    return new Promise((resolve) => this.#options.clock.after(ms, () => resolve(!this.#stopped)));
  }

  #hold(): void {
    this.#held ??= this.#options.clock.after(FIRST_WAIT_MS * 4, () => {
      this.#held = undefined;
      this.wake();
    });
  }
}

function unrun(why: Failure): AttemptEnd {
  return { kind: 'failed', failure: why, outcome: { checks: [], artifacts: [], files: [], fileCount: 0 } };
}
