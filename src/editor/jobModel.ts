import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { JobId } from '../domain/ids.ts';
import type { JobSummary, JobView } from '../protocol/jobView.ts';
import type { Relay } from '../protocol/relay.ts';
import { ExecutorHolds, type Hold } from './executorHolds.ts';

/** One repository's relay, as a window shows it. */
export interface Repository {
  /** The name of its folder. */
  readonly name: string;
  /** Its working tree. */
  readonly workspace: string;
  readonly relay: Relay;
}

/** What a list tells of a job, and of a view what rows need besides, once one was read. */
export type Summary = JobSummary & Pick<JobView, 'partial' | 'branch'>;

/** A job and where it belongs. */
export interface Job {
  readonly repository: Repository;
  readonly summary: Summary;
  /** Of a queued job whose executor takes no more for now. */
  readonly held?: Hold | undefined;
}

/** A view is told of changes at most four times a second, however many jobs change. */
const REFRESH_MS = 250;
const PAGE = 100;
/** The newest jobs of a repository that a window holds. */
const MOST = 1000;
/** The newest applied ones whose views are read at once. */
const MOST_LOOKED_AT = 50;

/** The jobs of all repositories of a window, newest first, kept in step with their relays. */
export class JobModel {
  readonly #clock: Clock;
  readonly #repositories = new Map<Repository, Map<JobId, Summary>>();
  readonly #holds = new Map<Repository, ExecutorHolds>();
  readonly #subscriptions = new Map<Repository, Disposable>();
  readonly #dirty = new Map<JobId, Repository>();
  readonly #drifted = new Map<Repository, Set<JobId>>();
  readonly #changed: Emitter<void>;
  #timer: Disposable | undefined;

  constructor(clock: Clock, onError: (thrown: unknown) => void) {
    this.#clock = clock;
    this.#changed = new Emitter(onError);
  }

  get repositories(): readonly Repository[] {
    return [...this.#repositories.keys()];
  }

  /** All jobs, newest first. */
  jobs(): readonly Job[] {
    const all = [...this.#repositories].flatMap(([repository, jobs]) =>
      [...jobs.values()].map((summary) => this.#job(repository, summary)),
    );
    return all.sort((a, b) => b.summary.createdAt - a.summary.createdAt);
  }

  find(jobId: JobId): Job | undefined {
    for (const [repository, jobs] of this.#repositories) {
      const summary = jobs.get(jobId);
      if (summary !== undefined) return this.#job(repository, summary);
    }
    return undefined;
  }

  onChanged(listener: () => void): Disposable {
    return this.#changed.on(listener);
  }

  async add(repository: Repository): Promise<void> {
    const jobs = new Map<JobId, Summary>();
    this.#repositories.set(repository, jobs);
    this.#holds.set(repository, new ExecutorHolds(repository.relay));
    this.#subscriptions.set(
      repository,
      repository.relay.onChange((change) => {
        if (change.kind === 'job') this.#note(change.jobId, repository);
        if (change.kind === 'drift') this.#noteDrift(change.jobId, repository);
        if (change.kind === 'executors') void this.#lookAtHolds(repository);
      }),
    );
    await this.#load(repository, jobs);
  }

  /** Reads all again: after a new host, what happened in between was not heard. */
  async reload(repository: Repository): Promise<void> {
    const jobs = this.#repositories.get(repository);
    if (jobs === undefined) return;
    jobs.clear();
    await this.#load(repository, jobs);
  }

  /** Reads one job now: its own submit is seen at once. */
  async note(jobId: JobId, repository: Repository): Promise<void> {
    const view = await repository.relay.get({ jobId });
    if (view.ok) this.#take(view.value, repository);
    this.#changed.emit();
  }

  remove(repository: Repository): void {
    this.#subscriptions.get(repository)?.dispose();
    this.#subscriptions.delete(repository);
    this.#repositories.delete(repository);
    this.#holds.delete(repository);
    this.#changed.emit();
  }

  /** All that is told of a job. */
  async view({ repository, summary }: Job): Promise<JobView | undefined> {
    const view = await repository.relay.get({ jobId: summary.jobId });
    return view.ok ? view.value : undefined;
  }

  #job(repository: Repository, summary: Summary): Job {
    return { repository, summary, held: this.#holds.get(repository)?.of(summary) };
  }

  /** A deleted job can still be read, and is in no list. */
  #take(view: JobView, repository: Repository): void {
    const jobs = this.#repositories.get(repository);
    if (view.deleted === true) jobs?.delete(view.jobId);
    else jobs?.set(view.jobId, view);
  }

  async #lookAtHolds(repository: Repository): Promise<void> {
    await this.#holds.get(repository)?.look(this.#repositories.get(repository)?.values() ?? []);
    this.#changed.emit();
  }

  async #load(repository: Repository, jobs: Map<JobId, Summary>): Promise<void> {
    for (let offset = 0; offset < MOST; offset += PAGE) {
      const page = await repository.relay.list({ limit: PAGE, offset });
      if (!page.ok) break;
      for (const item of page.value.items) jobs.set(item.jobId, item);
      if (!page.value.hasMore) break;
    }
    this.#changed.emit();
    void this.#lookAtHolds(repository);
    void this.#lookAtApplied(repository, jobs);
  }

  /** Whether in part, and on which branch: a list does not tell. */
  async #lookAtApplied(repository: Repository, jobs: Map<JobId, Summary>): Promise<void> {
    const applied = [...jobs.values()].filter(({ delivery }) => delivery === 'applied').slice(0, MOST_LOOKED_AT);
    for (const { jobId } of applied) {
      const view = await repository.relay.get({ jobId });
      if (view.ok && jobs.has(jobId)) jobs.set(jobId, view.value);
    }
    if (applied.length > 0) this.#changed.emit();
  }

  #note(jobId: JobId, repository: Repository): void {
    this.#dirty.set(jobId, repository);
    this.#refreshSoon();
  }

  #noteDrift(jobId: JobId, repository: Repository): void {
    const drifted = this.#drifted.get(repository) ?? new Set();
    this.#drifted.set(repository, drifted.add(jobId));
    this.#refreshSoon();
  }

  #refreshSoon(): void {
    this.#timer ??= this.#clock.after(REFRESH_MS, () => void this.#refresh());
  }

  async #refresh(): Promise<void> {
    const dirty = [...this.#dirty];
    const drifted = [...this.#drifted];
    this.#dirty.clear();
    this.#drifted.clear();
    await Promise.all([
      ...dirty.map(async ([jobId, repository]) => {
        const view = await repository.relay.get({ jobId });
        if (view.ok) this.#take(view.value, repository);
      }),
      ...drifted.map(([repository, jobIds]) => this.#readDrifts(repository, jobIds)),
    ]);
    this.#timer = undefined;
    if (this.#dirty.size + this.#drifted.size > 0) this.#refreshSoon();
    this.#changed.emit();
  }

  /** From the list, which tells what is known: a view has its job judged anew, and a commit moves every patch at once. */
  async #readDrifts(repository: Repository, jobIds: Set<JobId>): Promise<void> {
    for (let offset = 0; offset < MOST && jobIds.size > 0; offset += PAGE) {
      const page = await repository.relay.list({ limit: PAGE, offset });
      if (!page.ok) return;
      for (const item of page.value.items) {
        // One that has gone meanwhile, or was heard of since, is not brought back to what it was.
        const known = this.#repositories.get(repository)?.get(item.jobId);
        if (jobIds.delete(item.jobId) && known?.stateVersion === item.stateVersion)
          this.#repositories.get(repository)?.set(item.jobId, item);
      }
      if (!page.value.hasMore) return;
    }
  }
}
