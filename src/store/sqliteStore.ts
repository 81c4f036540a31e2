import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { Log } from '../base/log.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { JobEvent, JournalEntry } from '../domain/event.ts';
import type { JobId } from '../domain/ids.ts';
import { isTerminal, type Job, type LiveJob, type QueuedJob } from '../domain/job.ts';
import { fold, packEnded, readArchived, trackArchived, type Pack } from './archive.ts';
import { removeJournals, journalPath } from './journals.ts';
import { createJournalFile, type Disk, type JournalFile } from './journalFile.ts';
import { Journal } from './journal.ts';
import type { JournalRecord } from './journalText.ts';
import { parsePack } from './journalText.ts';
import type { JobIndex } from './jobIndex.ts';
import type { Appended, AppendError, JobStore, ListQuery, StoreIoError, UnknownJob } from './jobStore.ts';
import type { Ledger } from './ledger.ts';
import { encodeLine } from './line.ts';
import type { ArchivePlace, JobRow } from './rows.ts';
import type { UsageQuery, UsageRow } from './usageTable.ts';
import { writeSnapshot } from './snapshot.ts';
import type { Vault } from './vault.ts';

export interface SqliteStoreParts {
  readonly directory: string;
  readonly vault: Vault;
  readonly log: Log;
  readonly disk: Disk;
  readonly compactAt: number;
  readonly index: JobIndex;
  readonly ledger: Ledger;
  readonly file: JournalFile;
  /** The snapshot has an older shape: the next one is due at once, so that no later start brings it up to date again. */
  readonly isOld: boolean;
}

/** Changed jobs; a row costs 15 µs. */
const REFRESH_AT = 32;
/** Jobs whose lines are saved at once, between two waves at most. */
const SAVED_AT_ONCE = 64;

type KeptKey = NonNullable<ReturnType<JobStore['byKey']>>;
type Recalled = (outcome: Result<void, StoreIoError>) => void;
type Place = ArchivePlace & { readonly seq: number };

/** The record of one repository: a journal for durability, a ledger for what is going on, sql.js for what is looked up. */
export class SqliteStore implements JobStore {
  readonly #parts: SqliteStoreParts;
  readonly #index: JobIndex;
  readonly #ledger: Ledger;
  readonly #journal: Journal;
  readonly #appended: Emitter<Appended>;
  /** The appends that wait for an archived job to be called back. */
  readonly #recalls = new Map<JobId, Recalled[]>();
  #compaction: Promise<Result<void, StoreIoError>> | undefined;
  /** The journal's length at which the next snapshot is due. */
  #compactAt: number;
  #isClosed = false;

  constructor(parts: SqliteStoreParts) {
    this.#parts = parts;
    this.#index = parts.index;
    this.#ledger = parts.ledger;
    this.#compactAt = parts.isOld ? 0 : parts.compactAt;
    this.#journal = new Journal(parts.file, {
      onWriting: () => this.#refreshWhenDue(),
      onDown: () => this.#compactWhenDue(),
    });
    this.#appended = new Emitter((thrown) =>
      parts.log.write('error', 'a listener of the store failed', { error: messageOf(thrown) }),
    );
  }

  append(jobId: JobId, event: JobEvent, at: number): Promise<Result<Job, AppendError>> {
    if (this.#isClosed) return Promise.resolve(closed());
    const place = this.#ledger.knows(jobId) ? undefined : this.#index.placeOf(jobId);
    if (place !== undefined) return this.#appendToArchived(place, jobId, event, at);
    const step = this.#ledger.step(jobId, event, at);
    // A refusal tells what the job is, too: not before that is down.
    if (!step.ok) return this.settled().then((settled) => (settled.ok ? step : settled));
    const entry = this.#ledger.apply(step.value, event, at);
    return this.#write(entry, step.value);
  }

  async get(jobId: JobId): Promise<Result<Job, UnknownJob | StoreIoError>> {
    await this.settled();
    const job = this.#ledger.onDisk(jobId)?.job;
    if (job !== undefined) return ok(job);
    const records = await this.#archived(jobId);
    if (!records.ok) return records;
    const folded = fold(records.value.map(({ entry }) => entry));
    return folded === undefined ? unreadable(jobId) : ok(folded);
  }

  async events(jobId: JobId): Promise<Result<readonly JournalEntry[], UnknownJob | StoreIoError>> {
    await this.settled();
    const lines = this.#ledger.onDisk(jobId)?.lines;
    const records = lines === undefined ? await this.#archived(jobId) : parseLines(jobId, lines);
    return records.ok ? ok(records.value.map(({ entry }) => entry)) : records;
  }

  async list(
    query: ListQuery,
  ): Promise<Result<{ readonly rows: readonly JobRow[]; readonly total: number }, StoreIoError>> {
    await this.settled();
    if (this.#isClosed) return closed();
    this.#refreshIndex();
    return ok(this.#index.list(query));
  }

  async find(prefix: string): Promise<Result<readonly JobId[], StoreIoError>> {
    await this.settled();
    if (this.#isClosed) return closed();
    this.#refreshIndex();
    return ok(this.#index.find(prefix));
  }

  async usage(query: UsageQuery): Promise<Result<readonly UsageRow[], StoreIoError>> {
    await this.settled();
    if (this.#isClosed) return closed();
    this.#refreshIndex();
    return ok(this.#index.usage(query));
  }

  byKey(key: string): KeptKey | undefined {
    const memory = this.#ledger.byKey(key);
    const row = this.#isClosed ? undefined : this.#index.byKey(key);
    if (row !== undefined && row.seq > (memory?.seq ?? 0)) {
      const newest = this.#ledger.newest(row.jobId)?.job;
      return newest === undefined ? row : keyOf(newest);
    }
    return memory === undefined ? undefined : keyOf(memory.job);
  }

  nextQueued(except: ReadonlySet<JobId>, held?: ReadonlySet<string>): QueuedJob | undefined {
    return this.#ledger.nextQueued(except, held);
  }

  live(): readonly LiveJob[] {
    return this.#ledger.live();
  }

  delivering(): readonly JobId[] {
    return this.#ledger.delivering();
  }

  owing(): readonly JobId[] {
    return this.#ledger.owing();
  }

  settled(): Promise<Result<void, StoreIoError>> {
    return new Promise((resolve) => this.#journal.flushed(resolve));
  }

  onAppended(listener: (appended: Appended) => void): Disposable {
    return this.#appended.on(listener);
  }

  compact(): Promise<Result<void, StoreIoError>> {
    if (this.#isClosed) return Promise.resolve(closed());
    this.#compaction ??= this.#compact().finally(() => (this.#compaction = undefined));
    return this.#compaction;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#compaction;
    await this.settled();
    await this.#journal.file.close();
    this.#index.close();
  }

  #write(entry: JournalEntry, job: Job): Promise<Result<Job, AppendError>> {
    const line = encodeLine(entry);
    return new Promise((resolve) => {
      this.#journal.append(line, (outcome) => {
        if (outcome.ok) this.#confirm(entry, job, line);
        else this.#takeBack(outcome.error);
        resolve(outcome.ok ? ok(job) : outcome);
      });
    });
  }

  #takeBack(error: StoreIoError): void {
    if (!this.#ledger.rollBack()) return;
    this.#parts.log.write('error', 'events could not be written and were taken back', { error: error.message });
  }

  #confirm(entry: JournalEntry, job: Job, line: Buffer): void {
    this.#ledger.confirm(entry, job, line);
    this.#appended.emit({ entry, job });
  }

  /** Calls the job back into memory first; those who come meanwhile follow in their order. */
  #appendToArchived(place: Place, jobId: JobId, event: JobEvent, at: number): Promise<Result<Job, AppendError>> {
    return new Promise((resolve) => {
      const go: Recalled = (outcome) => resolve(outcome.ok ? this.append(jobId, event, at) : outcome);
      const waiting = this.#recalls.get(jobId);
      if (waiting !== undefined) {
        waiting.push(go);
        return;
      }
      const first = [go];
      this.#recalls.set(jobId, first);
      void this.#recall(place, jobId).then((outcome) => {
        this.#recalls.delete(jobId);
        for (const one of first) one(outcome);
      });
    });
  }

  async #recall(place: Place, jobId: JobId): Promise<Result<void, StoreIoError>> {
    const records = await readArchived(this.#parts.vault, place);
    if (!records.ok) return records;
    const tracked = trackArchived(place.seq, records.value);
    if (tracked === undefined) return unreadable(jobId);
    this.#ledger.load(tracked);
    return ok(undefined);
  }

  async #archived(jobId: JobId): Promise<Result<readonly JournalRecord[], UnknownJob | StoreIoError>> {
    if (this.#isClosed) return closed();
    const place = this.#index.placeOf(jobId);
    if (place === undefined) {
      return err({ kind: 'notFound', message: `there is no job ${jobId} in this repository's record` });
    }
    return readArchived(this.#parts.vault, place);
  }

  /** Not at every change, because a job changes several times in a short while; nor late, because a read waits for it. */
  #refreshWhenDue(): void {
    if (this.#ledger.changedCount >= REFRESH_AT) this.#refreshIndex();
  }

  #refreshIndex(): void {
    this.#index.put(this.#ledger.takeChanged(), this.#ledger.takeCharges());
  }

  #compactWhenDue(): void {
    if (this.#compaction !== undefined || this.#isClosed || this.#journal.file.size < this.#compactAt) return;
    void this.compact();
  }

  async #compact(): Promise<Result<void, StoreIoError>> {
    await this.#saveLive();
    const pack = await packEnded(this.#ledger, this.#parts.vault);
    const done = pack.ok ? await this.#journal.turn((file) => this.#rotate(file, pack.value)) : pack;
    if (done.ok) this.#compactAt = this.#parts.compactAt;
    else {
      this.#compactAt = this.#journal.file.size + this.#parts.compactAt;
      this.#parts.log.write('error', 'no snapshot could be made; the journal goes on', { error: done.error.message });
    }
    return done;
  }

  /** Most of the lines of what has not ended, bit by bit and beside the waves, so that little is left to do between them. */
  async #saveLive(): Promise<void> {
    this.#refreshIndex();
    const live = [...this.#ledger.allOnDisk()].filter(({ job }) => !isTerminal(job));
    for (let start = 0; start < live.length; start += SAVED_AT_ONCE) {
      this.#index.saveLines(live.slice(start, start + SAVED_AT_ONCE));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /**
   * Between two waves, so that the tables and the journal agree. The new journal comes first: the snapshot's rename is
   * the moment at which it takes over, and before that moment as after it every event is in what is read at the start.
   */
  async #rotate(file: JournalFile, pack: Pack | undefined): Promise<Result<JournalFile, StoreIoError>> {
    const { directory, disk } = this.#parts;
    const clean = await file.clean();
    if (!clean.ok) return clean;
    this.#archive(pack);
    const generation = file.generation + 1;
    const bytes = this.#index.export({ generation, lastSeq: this.#ledger.lastOnDisk });
    const next = await createJournalFile(journalPath(directory, generation), generation, disk);
    if (!next.ok) return next;
    const written = await writeSnapshot(directory, bytes);
    if (!written.ok) {
      await next.value.close();
      return written;
    }
    await file.close();
    await removeJournals(directory, generation);
    return next;
  }

  /** Moves what the pack holds from memory to it, but for jobs that have changed since it was made. */
  #archive(pack: Pack | undefined): void {
    this.#refreshIndex();
    const ledger = this.#ledger;
    const isSettled = (id: JobId): boolean => !ledger.isAhead(id);
    const packed = (pack?.jobs ?? []).filter(
      ({ tracked }) => ledger.onDisk(tracked.job.id) === tracked && isSettled(tracked.job.id),
    );
    if (pack !== undefined) {
      this.#index.archive(
        pack.digest,
        packed.map(({ tracked, offset, length }) => ({ seq: tracked.seq, offset, length })),
      );
    }
    for (const { tracked } of packed) ledger.drop(tracked.job.id);
    for (const { job, lines, archived } of [...ledger.allOnDisk()]) {
      if (archived === lines.length && isSettled(job.id)) ledger.drop(job.id);
    }
    this.#index.keepLines([...ledger.allOnDisk()]);
  }
}

function keyOf(job: Job): KeptKey {
  return { jobId: job.id, specDigest: job.specDigest, ...(isTerminal(job) ? { finishedAt: job.finishedAt } : {}) };
}

function parseLines(jobId: JobId, lines: readonly Buffer[]): Result<readonly JournalRecord[], StoreIoError> {
  const records = parsePack(Buffer.concat(lines));
  return records === undefined ? unreadable(jobId) : ok(records);
}

function closed(): Result<never, StoreIoError> {
  return err({ kind: 'io', message: 'the record is closed: its host is going down' });
}

function unreadable(jobId: JobId): Result<never, StoreIoError> {
  return err({ kind: 'io', message: `the events of job ${jobId} make no job: the record is damaged` });
}
