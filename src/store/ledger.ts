import { err, ok, type Result } from '../base/result.ts';
import { chargeOf, type Charge } from '../domain/charge.ts';
import type { JobEvent, JournalEntry } from '../domain/event.ts';
import type { JobId } from '../domain/ids.ts';
import { isDelivering, isTerminal, owesNotice, type Job, type LiveJob, type QueuedJob } from '../domain/job.ts';
import { created, transition, type Illegal } from '../domain/machine.ts';
import type { UnknownJob } from './jobStore.ts';
import { ReadyQueue } from './readyQueue.ts';

/** A job whose events are not archived, as it is on disk. */
export interface Tracked {
  /** The sequence number of its first event: its age. */
  readonly seq: number;
  readonly job: Job;
  /** Its journal lines, oldest first. */
  readonly lines: readonly Buffer[];
  /** How many of the lines are in the archive already: all of them, for a job that was only called back. */
  readonly archived: number;
}

/** What is applied and not on disk yet. */
interface Ahead {
  readonly seq: number;
  readonly job: Job;
}

/**
 * The jobs in memory: as they are on disk, and over that what is applied and still on its way there. A wave that fails
 * takes the second away and leaves the first, which equals the disk.
 */
export class Ledger {
  readonly #onDisk = new Map<JobId, Tracked>();
  readonly #ahead = new Map<JobId, Ahead>();
  /** Jobs that have changed on disk since the index was last brought up to date. */
  readonly #changed = new Set<JobId>();
  /** What events that are on disk cost, since the index was last brought up to date. */
  #charges: Charge[] = [];
  #live = new Map<JobId, LiveJob>();
  #queue = new ReadyQueue();
  #delivering = new Set<JobId>();
  #owing = new Set<JobId>();
  #keys = new Map<string, JobId>();
  #lastOnDisk: number;
  #last: number;

  /** `last`: the sequence number of the newest event on disk. */
  constructor(last: number) {
    this.#lastOnDisk = last;
    this.#last = last;
  }

  get lastOnDisk(): number {
    return this.#lastOnDisk;
  }

  knows(jobId: JobId): boolean {
    return this.#ahead.has(jobId) || this.#onDisk.has(jobId);
  }

  /** The state machine's next step; nothing is changed yet. */
  step(jobId: JobId, event: JobEvent, at: number): Result<Job, Illegal | UnknownJob> {
    const job = this.newest(jobId)?.job;
    if (job !== undefined) return transition(job, event, at);
    if (event.type === 'submitted') return ok(created(jobId, event, at));
    return err({ kind: 'notFound', message: `there is no job ${jobId} in this repository's record` });
  }

  /** Applies a step in memory and gives it the next sequence number. */
  apply(job: Job, event: JobEvent, at: number): JournalEntry {
    this.#last += 1;
    const seq = this.newest(job.id)?.seq ?? this.#last;
    this.#show(seq, this.newest(job.id)?.job, job);
    this.#ahead.set(job.id, { seq, job });
    return { seq: this.#last, at, jobId: job.id, event };
  }

  /** The line of this entry is on disk; `job` is what the entry made. */
  confirm(entry: JournalEntry, job: Job, line: Buffer): void {
    const before = this.#onDisk.get(job.id);
    const seq = before?.seq ?? entry.seq;
    const lines = before === undefined ? [line] : [...before.lines, line];
    this.#onDisk.set(job.id, { seq, job, lines, archived: before?.archived ?? 0 });
    this.#changed.add(job.id);
    const charge = before === undefined ? undefined : chargeOf(before.job, entry.event, entry.at);
    if (charge !== undefined) this.#charges.push(charge);
    this.#lastOnDisk = entry.seq;
    if (this.#ahead.get(job.id)?.job === job) this.#ahead.delete(job.id);
  }

  /** Nothing that is not on disk comes about. False where all is on disk. */
  rollBack(): boolean {
    if (this.#ahead.size === 0) return false;
    this.#ahead.clear();
    this.#last = this.#lastOnDisk;
    this.#live = new Map();
    this.#queue = new ReadyQueue();
    this.#delivering = new Set();
    this.#owing = new Set();
    this.#keys = new Map();
    for (const { seq, job } of this.#onDisk.values()) this.#show(seq, undefined, job);
    return true;
  }

  /** Takes in a job whose events are on disk already. */
  load(tracked: Tracked): void {
    this.#onDisk.set(tracked.job.id, tracked);
    this.#show(tracked.seq, undefined, tracked.job);
  }

  /** Forgets a job that is archived. */
  drop(jobId: JobId): void {
    const tracked = this.#onDisk.get(jobId);
    this.#onDisk.delete(jobId);
    const key = tracked?.job.spec.idempotencyKey;
    if (key !== undefined && this.#keys.get(key) === jobId) this.#keys.delete(key);
  }

  isAhead(jobId: JobId): boolean {
    return this.#ahead.has(jobId);
  }

  onDisk(jobId: JobId): Tracked | undefined {
    return this.#onDisk.get(jobId);
  }

  allOnDisk(): Iterable<Tracked> {
    return this.#onDisk.values();
  }

  newest(jobId: JobId): Ahead | undefined {
    return this.#ahead.get(jobId) ?? this.#onDisk.get(jobId);
  }

  /** The newest of these jobs with the key. */
  byKey(key: string): Ahead | undefined {
    const jobId = this.#keys.get(key);
    return jobId === undefined ? undefined : this.newest(jobId);
  }

  nextQueued(except: ReadonlySet<JobId>, held?: ReadonlySet<string>): QueuedJob | undefined {
    return this.#queue.first(except, held);
  }

  /** Oldest first. */
  live(): readonly LiveJob[] {
    return [...this.#live.values()];
  }

  /** The jobs whose delivery or undo is under way: they are never archived before it has ended. */
  delivering(): readonly JobId[] {
    return [...this.#delivering];
  }

  /** The jobs whose webhook has not been told of their end: they are never archived before it has been tried. */
  owing(): readonly JobId[] {
    return [...this.#owing];
  }

  get changedCount(): number {
    return this.#changed.size;
  }

  /** The jobs that changed on disk since the last call. */
  takeChanged(): readonly Tracked[] {
    const changed: Tracked[] = [];
    for (const jobId of this.#changed) {
      const tracked = this.#onDisk.get(jobId);
      if (tracked !== undefined) changed.push(tracked);
    }
    this.#changed.clear();
    return changed;
  }

  /** What the events cost that came to be on disk since the last call: each of them once. */
  takeCharges(): readonly Charge[] {
    const charges = this.#charges;
    this.#charges = [];
    return charges;
  }

  #show(seq: number, before: Job | undefined, after: Job): void {
    if (before?.state === 'QUEUED') this.#queue.remove(seq, before);
    if (after.state === 'QUEUED') this.#queue.add(seq, after);
    if (isTerminal(after)) this.#live.delete(after.id);
    else this.#live.set(after.id, after);
    if (before !== undefined && isTerminal(before) && !isTerminal(after)) this.#sortLive();
    if (isDelivering(after)) this.#delivering.add(after.id);
    else this.#delivering.delete(after.id);
    if (owesNotice(after)) this.#owing.add(after.id);
    else this.#owing.delete(after.id);
    const key = after.spec.idempotencyKey;
    if (key !== undefined && before === undefined) this.#noteKey(key, seq, after.id);
  }

  /** A job that was ended is live again, and has its old age. */
  #sortLive(): void {
    const ageOf = (jobId: JobId): number => this.newest(jobId)?.seq ?? Infinity;
    this.#live = new Map([...this.#live].sort(([a], [b]) => ageOf(a) - ageOf(b)));
  }

  #noteKey(key: string, seq: number, jobId: JobId): void {
    const other = this.byKey(key);
    if (other === undefined || other.seq <= seq) this.#keys.set(key, jobId);
  }
}
