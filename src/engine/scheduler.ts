import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Log } from '../base/log.ts';
import { never } from '../base/result.ts';
import type { Artifact, Usage } from '../domain/artifact.ts';
import type { JobEvent } from '../domain/event.ts';
import { isRetryable, type Failure } from '../domain/failure.ts';
import type { JobId } from '../domain/ids.ts';
import type { LiveJob, QueuedJob, RunningJob } from '../domain/job.ts';
import { AUTO, defaults, executorOf } from '../domain/jobSpec.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Holds } from './holds.ts';
import type { AskUser, AttemptEnd, Runner } from './runner.ts';

export interface SchedulerOptions {
  readonly store: JobStore;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
  /** Asks a person where one must be asked before the job runs; answers why it may not. */
  readonly consent: (job: RunningJob, signal: AbortSignal) => Promise<Failure | undefined>;
  /** The executor that a job which names none is to have now. */
  readonly choose: (job: QueuedJob) => Promise<Choice>;
  readonly holds: Holds;
  /** Asks the user for a running job. */
  readonly askFor: (job: RunningJob, signal: AbortSignal) => AskUser;
  /** Jobs that run at once. */
  readonly concurrency: number;
}

/** `later`: none can be had before this time (ms since 1970; past: look again at once). */
export type Choice =
  | { readonly kind: 'chosen'; readonly executor: string }
  | { readonly kind: 'none'; readonly failure: Failure }
  | { readonly kind: 'later'; readonly until: number };

/** The first pause before another attempt, and the longest. */
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 60_000;

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
  /** Jobs whose next attempt waits a while. */
  readonly #backingOff = new Map<JobId, Disposable>();
  /** Jobs that name no executor, while none can be had. */
  readonly #putOff = new Map<JobId, Disposable>();
  /** How often the executors have changed. */
  #changes = 0;
  #held: Disposable | undefined;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Fills the free places. Called whenever a job is queued or a place is free. */
  wake(): void {
    while (!this.#stopped && this.#held === undefined && this.#running.size < this.#options.concurrency) {
      const { store, holds } = this.#options;
      const busy = new Set([this.#running, this.#backingOff, this.#putOff].flatMap((jobs) => [...jobs.keys()]));
      const next = store.nextQueued(busy, holds.names());
      if (next === undefined) return;
      const controller = new AbortController();
      this.#running.set(next.id, controller);
      const attempt = this.#run(next, controller).finally(() => {
        this.#running.delete(next.id);
        this.#attempts.delete(attempt);
        this.wake();
      });
      this.#attempts.add(attempt);
    }
  }

  /** An executor came, went, or was let go: jobs that name none may get one now. */
  lookAgain(): void {
    this.#changes += 1;
    for (const timer of this.#putOff.values()) timer.dispose();
    this.#putOff.clear();
    this.wake();
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
    for (const waiting of [this.#backingOff, this.#putOff]) {
      waiting.get(jobId)?.dispose();
      waiting.delete(jobId);
    }
    this.#running.get(jobId)?.abort();
  }

  /** Starts nothing more, stops what runs, and waits for it. What ran is picked up again by the next host. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#held?.dispose();
    for (const timers of [this.#expiries, this.#backingOff, this.#putOff]) {
      for (const timer of timers.values()) timer.dispose();
      timers.clear();
    }
    this.#options.holds.dispose();
    for (const controller of this.#running.values()) controller?.abort();
    await Promise.all(this.#attempts);
    await this.#options.runner.idle();
  }

  async #run(queued: QueuedJob, controller: AbortController): Promise<void> {
    const { store, clock } = this.#options;
    const { id: jobId } = queued;
    const attempt = queued.attempt + 1;
    const changes = this.#changes;
    const choice = await this.#choose(queued, controller.signal);
    if (controller.signal.aborted) return;
    if (choice?.kind === 'later') {
      this.#wait(this.#putOff, jobId, changes === this.#changes ? choice.until - clock.now() : 0);
      return;
    }
    const executor = choice?.kind === 'chosen' ? { executor: choice.executor } : {};
    const leased = await store.append(jobId, { type: 'leased', attempt, ...executor }, clock.now());
    if (!leased.ok) {
      // It was canceled a moment before, or the disk refuses: the second must not become a busy loop.
      if (leased.error.kind === 'io') this.#hold();
      return;
    }
    if (leased.value.state !== 'RUNNING') return;
    const end =
      choice?.kind === 'none'
        ? { ...unrun(choice.failure), isFinal: true }
        : await this.#attempt(leased.value, controller.signal);
    this.#running.set(jobId, undefined);
    await this.#record(leased.value, end);
  }

  /** Undefined where the job names its executor, needs none, or was ended meanwhile: programs take long to say what they can. */
  async #choose(job: QueuedJob, signal: AbortSignal): Promise<Choice | undefined> {
    if (executorOf(job.spec) !== AUTO || job.rejudged !== undefined) return undefined;
    const isEnded = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    return Promise.race([this.#options.choose(job), isEnded]);
  }

  async #attempt(job: RunningJob, signal: AbortSignal): Promise<AttemptEnd> {
    const { consent, runner, askFor, holds } = this.#options;
    const refused = await consent(job, signal);
    if (signal.aborted) return { kind: 'stopped', artifacts: [] };
    if (refused !== undefined) return { ...unrun(refused), isFinal: true };
    const end = await runner.run(job, signal, askFor(job, signal));
    if (end.kind === 'succeeded') holds.worked(job.executor);
    return end;
  }

  async #record(job: RunningJob, end: AttemptEnd): Promise<void> {
    const refused = await this.#append(job.id, this.#eventOf(job, end));
    // It was canceled, or its time was over, a moment before its end was told.
    const { artifacts, usage } = remainderOf(end);
    if (refused && end.kind !== 'stopped') await this.#append(job.id, sealed(job, artifacts, usage));
  }

  /** Whether the event was refused. One that could not be written is tried again until it can. */
  async #append(jobId: JobId, event: JobEvent): Promise<boolean> {
    const { store, clock, log } = this.#options;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const done = await store.append(jobId, event, clock.now());
      if (done.ok) return false;
      if (done.error.kind !== 'io') return true;
      log.write('error', 'the end of an attempt could not be written; it is tried again', {
        jobId,
        error: done.error.message,
      });
      if (!(await this.#waited(wait))) return false;
    }
  }

  #eventOf(job: RunningJob, end: AttemptEnd): JobEvent {
    const { attempt } = job;
    switch (end.kind) {
      case 'succeeded':
        return { type: 'succeeded', attempt, outcome: end.outcome };
      case 'failed': {
        const most = job.spec.execution?.maxAttempts ?? defaults.maxAttempts;
        // A patch that is judged again comes to the same each time.
        const again =
          end.isFinal !== true &&
          job.rejudged === undefined &&
          isRetryable(end.failure.code) &&
          job.failedAttempts + 1 < most;
        if (again) this.#backOff(job);
        return { type: again ? 'attemptFailed' : 'failed', attempt, failure: end.failure, outcome: end.outcome };
      }
      case 'limited': {
        const { message, artifacts } = end;
        const until = this.#options.holds.hold(job.executor, message, end.until);
        return { type: 'deferred', attempt, message, until, artifacts: [...artifacts], ...used(job, end.usage) };
      }
      case 'stopped':
        // Stopped with its host, it goes back to the queue; stopped by a cancel or its time, it has ended before.
        return this.#stopped && this.#isUnderWay(job.id)
          ? { type: 'attemptLost', attempt, drained: true, ...used(job, end.usage) }
          : sealed(job, end.artifacts, end.usage);
      default:
        return never(end);
    }
  }

  /** The next attempt of a job that failed waits a little, longer each time. */
  #backOff({ id, failedAttempts }: RunningJob): void {
    if (this.#stopped) return;
    const ms = Math.min(FIRST_BACKOFF_MS * 2 ** failedAttempts, LONGEST_BACKOFF_MS);
    this.#wait(this.#backingOff, id, ms);
  }

  #wait(waiting: Map<JobId, Disposable>, jobId: JobId, ms: number): void {
    const timer = this.#options.clock.after(Math.max(0, ms), () => {
      waiting.delete(jobId);
      this.wake();
    });
    waiting.set(jobId, timer);
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

function sealed(job: RunningJob, artifacts: readonly Artifact[], usage: Usage | undefined): JobEvent {
  return { type: 'sealed', attempt: job.attempt, artifacts: [...artifacts], ...used(job, usage) };
}

/** What a patch carries that is judged again was told before, with the attempt that made it. */
function used(job: RunningJob, usage: Usage | undefined): { readonly usage?: Usage } {
  return usage === undefined || job.rejudged !== undefined ? {} : { usage };
}

/** Of what an attempt left, a job that was stopped has the logs alone. */
function remainderOf(end: AttemptEnd): { readonly artifacts: readonly Artifact[]; readonly usage?: Usage } {
  if (end.kind === 'limited' || end.kind === 'stopped') return end;
  const { artifacts, usage } = end.outcome;
  const logs = artifacts.filter(({ name }) => name === 'logs.txt' || name === 'stream.jsonl');
  return { artifacts: logs, ...(usage === undefined ? {} : { usage }) };
}

function unrun(why: Failure): Extract<AttemptEnd, { kind: 'failed' }> {
  return { kind: 'failed', failure: why, outcome: { checks: [], artifacts: [], files: [], fileCount: 0 } };
}
