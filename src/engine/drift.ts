import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Lane } from '../base/lane.ts';
import type { Log } from '../base/log.ts';
import { codeOf, err, messageOf, type Result } from '../base/result.ts';
import type { WatchFolder } from '../base/watchFolder.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { Drift } from '../protocol/drift.ts';
import type { JobSummary } from '../protocol/jobView.ts';
import type { Appended, JobStore } from '../store/jobStore.ts';
import type { Vault } from '../store/vault.ts';
import { candidateOf, type Candidate } from './candidate.ts';
import { HeadWatch } from './headWatch.ts';
import { Judging, type Judged } from './judging.ts';
import type { Sources } from './sources.ts';

export interface DriftOptions {
  readonly store: Pick<JobStore, 'list' | 'get'>;
  readonly vault: Vault;
  readonly sources: Sources;
  readonly clock: Clock;
  readonly log: Log;
  readonly watch: WatchFolder;
  readonly onChanged: (jobId: JobId) => void;
}

/** Moves that come together are one: a commit writes several files. */
const TOGETHER_MS = 100;
/** How long whoever asks for one job waits for a fresh look at it. */
const FRESH_MS = 500;
/** How long a process that hosts nothing waits for the drifts of a page. */
const PAGE_MS = 1000;
/** Patches that are followed: the newest. */
const MOST_FOLLOWED = 500;

type Told = Drift | undefined;

/**
 * How every proven patch that is not applied stands towards HEAD and the working tree, judged anew whenever those move. It
 * runs in a lane of its own and is told by events; while there is no such patch, nothing runs and nothing is watched.
 */
export class Drifts {
  readonly judging: Judging;
  readonly #options: DriftOptions;
  readonly #watch: HeadWatch;
  readonly #lane = new Lane();
  readonly #followed = new Map<JobId, Candidate>();
  readonly #known = new Map<JobId, { readonly drift: Told; readonly turn: number }>();
  readonly #asked = new Map<JobId, Promise<Told>>();
  /** … and the looks that wait for those to end. */
  readonly #next = new Map<JobId, Promise<Told>>();
  readonly #told = new Set<string>();
  readonly #works = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  /** Jobs that were heard of while a list was read: what it says of them is older. */
  #heard: Set<JobId> | undefined;
  #turn = 0;
  #timer: Disposable | undefined;
  #mode: 'asked' | 'following' | 'stopped' = 'asked';

  constructor(options: DriftOptions) {
    this.#options = options;
    this.judging = new Judging(options);
    this.#watch = new HeadWatch(options.sources, options.watch, () => this.look());
  }

  /** Follows from now on; what an earlier host left is read meanwhile. */
  start(): void {
    this.#mode = 'following';
    this.#heard = new Set();
    this.#meanwhile(() => this.#load());
  }

  /** Work that `stop` waits for; the signal tells it to end. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const done = work(this.#stopping.signal);
    this.#works.add(done);
    return done.finally(() => this.#works.delete(done));
  }

  /** Resolves when nothing of it runs. */
  async stop(): Promise<void> {
    this.#mode = 'stopped';
    this.#stopping.abort();
    this.#timer?.dispose();
    this.#watch.dispose();
    await this.#lane.run(() => Promise.resolve());
    await Promise.allSettled([...this.#asked.values(), ...this.#next.values(), ...this.#works]);
  }

  note({ entry, job }: Appended): void {
    this.#heard?.add(job.id);
    const candidate = candidateOf(job);
    if (candidate === undefined) this.#forget(job.id);
    else if (!this.#followed.has(job.id)) this.#follow(candidate);
    if (candidate !== undefined || entry.event.type === 'delivered' || entry.event.type === 'undone') this.look();
  }

  /** HEAD or the working tree may have moved. Answers at once; the look comes a moment later. */
  look(): Record<string, never> {
    if (this.#mode === 'following' && this.#followed.size > 0) this.#lookSoon();
    return {};
  }

  #lookSoon(): void {
    this.#timer ??= this.#options.clock.after(TOGETHER_MS, () => {
      this.#meanwhile(() => {
        this.#timer = undefined;
        return this.#judgeAll();
      });
    });
  }

  /** In the lane, where nobody waits for it: a bug in it ends no host. */
  #meanwhile(work: () => Promise<void>): void {
    this.#lane.run(work).catch((thrown: unknown) => {
      this.#options.log.write('error', 'a look at how patches stand failed', { why: messageOf(thrown) });
    });
  }

  /** With the drift of a job as it is now, where that is known in a moment; as it was last otherwise. */
  async onView<T extends JobSummary>(view: T, job: Job): Promise<T> {
    const candidate = candidateOf(job);
    if (candidate === undefined) return view;
    const fresh = await this.#within(FRESH_MS, this.#fresh(candidate), () => this.#known.get(job.id)?.drift);
    return fresh === undefined ? view : { ...view, drift: fresh };
  }

  /** With the drifts that are known. A process that follows none judges those of the page. */
  async onPage(page: readonly JobSummary[]): Promise<JobSummary[]> {
    if (this.#mode === 'asked') await this.#within(PAGE_MS, this.#judgePage(page), () => undefined);
    return page.map((summary) => {
      const drift = isOpen(summary) ? this.#known.get(summary.jobId)?.drift : undefined;
      return drift === undefined ? summary : { ...summary, drift };
    });
  }

  /** Judges these now. The error says why nothing can be told. */
  async judge(group: readonly Candidate[]): Promise<Result<Judged, string>> {
    const turn = (this.#turn += 1);
    const judged = await this.#attempt(group);
    // What was cut off says nothing of any patch.
    if (this.#stopping.signal.aborted) return err('the relay is going down');
    const [first] = group;
    if (!judged.ok && first !== undefined) this.#tellOnce(first.workspace, judged.error);
    if (judged.ok) for (const [jobId, why] of judged.value.untold) this.#tellOnce(jobId, why);
    for (const { jobId } of group) this.#set(jobId, judged.ok ? judged.value.drifts.get(jobId) : undefined, turn);
    return judged;
  }

  /** Every proven patch that is not applied, the newest first; the first 500 of them. */
  async candidates(): Promise<readonly Candidate[]> {
    if (this.#mode === 'asked') return this.#read();
    await this.#lane.run(() => Promise.resolve());
    return [...this.#followed.values()].sort((one, other) => other.createdAt - one.createdAt);
  }

  async #load(): Promise<void> {
    for (const candidate of await this.#read())
      if (this.#heard?.has(candidate.jobId) === false) this.#follow(candidate);
    this.#heard = undefined;
    if (this.#mode === 'following') await this.#judgeAll();
  }

  async #read(): Promise<readonly Candidate[]> {
    const { store, log } = this.#options;
    const listed = await store.list({ undelivered: true, limit: MOST_FOLLOWED, offset: 0 });
    if (!listed.ok) {
      log.write('debug', 'the patches that are not applied cannot be read', { why: listed.error.message });
      return [];
    }
    const found: Candidate[] = [];
    for (const { jobId } of listed.value.rows) {
      if (this.#mode === 'stopped') break;
      const job = await store.get(jobId);
      const candidate = job.ok ? candidateOf(job.value) : undefined;
      if (candidate !== undefined) found.push(candidate);
    }
    return found;
  }

  #follow(candidate: Candidate): void {
    this.#followed.set(candidate.jobId, candidate);
    if (this.#followed.size <= MOST_FOLLOWED) return;
    const oldest = [...this.#followed.values()].reduce((one, other) => (other.createdAt < one.createdAt ? other : one));
    this.#forget(oldest.jobId);
  }

  #forget(jobId: JobId): void {
    this.#followed.delete(jobId);
    this.#known.delete(jobId);
    this.judging.forget(jobId);
  }

  async #judgeAll(): Promise<void> {
    const groups = byWorkspace(this.#followed.values());
    // Ahead of the look, so that what moves meanwhile is heard of and leads to another.
    await this.#watch.keep(new Set(groups.keys()));
    for (const group of groups.values()) if (this.#mode === 'following') await this.judge(group);
  }

  /** A look that runs may have read HEAD ahead of what moved since: those who ask meanwhile share the next. */
  #fresh(candidate: Candidate): Promise<Told> {
    const { jobId } = candidate;
    const next = this.#next.get(jobId);
    if (next !== undefined) return next;
    const asked = this.#asked.get(jobId);
    if (asked === undefined) return this.#ask(candidate);
    const begin = (): Promise<Told> => {
      this.#next.delete(jobId);
      return this.#ask(candidate);
    };
    const asking = asked.then(begin, begin);
    this.#next.set(jobId, asking);
    return asking;
  }

  #ask(candidate: Candidate): Promise<Told> {
    const { jobId } = candidate;
    if (this.#mode === 'stopped') return Promise.resolve(this.#known.get(jobId)?.drift);
    const asking = this.judge([candidate])
      .then((judged) => (judged.ok ? judged.value.drifts.get(jobId) : undefined))
      .finally(() => this.#asked.delete(jobId));
    this.#asked.set(jobId, asking);
    return asking;
  }

  async #judgePage(page: readonly JobSummary[]): Promise<void> {
    const open = page.filter((summary) => isOpen(summary) && !this.#known.has(summary.jobId));
    const jobs = await Promise.all(open.map(({ jobId }) => this.#options.store.get(jobId)));
    const candidates = jobs.flatMap((job) => (job.ok ? (candidateOf(job.value) ?? []) : []));
    const groups = byWorkspace(candidates);
    for (const group of groups.values()) {
      await this.#lane.run(async () => {
        if (this.#mode !== 'stopped') await this.judge(group);
      });
    }
  }

  /** What the file system refuses is no bug. */
  async #attempt(group: readonly Candidate[]): Promise<Result<Judged, string>> {
    try {
      return await this.judging.judge(group, this.#stopping.signal);
    } catch (thrown) {
      if (codeOf(thrown) === undefined) throw thrown;
      return err(messageOf(thrown));
    }
  }

  /** A look that began later has the last word, whichever ends first. */
  #set(jobId: JobId, drift: Told, turn: number): void {
    if (this.#mode === 'following' && !this.#followed.has(jobId)) return;
    const known = this.#known.get(jobId);
    if (known !== undefined && known.turn > turn) return;
    this.#known.set(jobId, { drift, turn });
    if (JSON.stringify(known?.drift) !== JSON.stringify(drift)) this.#options.onChanged(jobId);
  }

  #tellOnce(about: string, why: string): void {
    const said = `${about}: ${why}`;
    if (this.#told.has(said)) return;
    this.#told.add(said);
    this.#options.log.write('debug', 'how a patch stands cannot be told', { about, why });
  }

  async #within<T>(ms: number, work: Promise<T>, late: () => T): Promise<T> {
    let timer: Disposable | undefined;
    const over = new Promise<T>((resolve) => {
      timer = this.#options.clock.after(ms, () => resolve(late()));
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      timer?.dispose();
    }
  }
}

/** Whether a patch may be there that is not applied. */
function isOpen({ delivery }: JobSummary): boolean {
  return delivery === 'none' || delivery === 'undone';
}

function byWorkspace(candidates: Iterable<Candidate>): ReadonlyMap<string, readonly Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const group = groups.get(candidate.workspace);
    if (group === undefined) groups.set(candidate.workspace, [candidate]);
    else group.push(candidate);
  }
  return groups;
}
