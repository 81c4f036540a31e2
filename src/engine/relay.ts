import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import { messageOf, err, ok, type Result } from '../base/result.ts';
import type { Log } from '../base/log.ts';
import { watchFolder } from '../base/watchFolder.ts';
import type { Origin, Relation } from '../domain/event.ts';
import { newJobId, type JobId } from '../domain/ids.ts';
import { artifactsOf, isTerminal, type Job } from '../domain/job.ts';
import { AUTO, executorOf, type JobSpec } from '../domain/jobSpec.ts';
import { refusalOf, type AdmissionPolicy } from '../domain/policy.ts';
import { wrongExecutor } from '../executors/choice.ts';
import type { ExecutorRegistry } from '../executors/registry.ts';
import type { CallInput, CallOutput } from '../protocol/calls.ts';
import type { RelayChange } from '../protocol/change.ts';
import type { Relay } from '../protocol/relay.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import { usageReport } from '../protocol/usageReport.ts';
import type { AppendError, Appended, JobStore } from '../store/jobStore.ts';
import type { Threads } from '../store/threads.ts';
import type { Vault } from '../store/vault.ts';
import { BranchDelivery } from './branchDelivery.ts';
import { awaitAbsent } from './absent.ts';
import { checkOutputOf } from './checkOutput.ts';
import { choiceFor, viewsOf, type Staff } from './choice.ts';
import { contentOf, withoutSecrets } from './content.ts';
import { Delivery } from './delivery.ts';
import { Drifts } from './drift.ts';
import { digestOf, earlierJob } from './earlier.ts';
import { growingLog } from './growingLog.ts';
import { Holds } from './holds.ts';
import { followed, rebased, retried, type Descendant } from './lineage.ts';
import { planOrder } from './orderPlan.ts';
import { recover } from './recovery.ts';
import { pinOf, type Pin } from './pin.ts';
import { Publisher } from './publisher.ts';
import type { Runner } from './runner.ts';
import { Questions, type AllowedCommands } from './questions.ts';
import { liftFinds } from './lift.ts';
import type { LetThrough } from './letThrough.ts';
import { Scheduler, type SchedulerOptions } from './scheduler.ts';
import type { Sources } from './sources.ts';
import type { Verifier } from './verifier.ts';
import { summaryOf, viewOf } from './views.ts';
import { Webhooks } from './webhooks.ts';

export interface EngineOptions {
  readonly store: JobStore;
  readonly vault: Vault;
  readonly quarantine: Vault;
  readonly threads: Threads;
  readonly sources: Sources;
  readonly executors: ExecutorRegistry;
  readonly verifier: Verifier;
  /** The record's own, for the fingerprints of secrets. */
  readonly secretsKey: Uint8Array;
  readonly letThrough: () => LetThrough;
  readonly makeRunner: (onLog: (job: Job, bytes: number) => void) => Runner;
  readonly clock: Clock;
  readonly log: Log;
  /** The folder for logs that grow. */
  readonly logs: string;
  readonly policy: AdmissionPolicy;
  readonly allowed: AllowedCommands;
  readonly concurrency: number;
  /** The user's order of executors, for jobs that name none. */
  readonly order: () => readonly string[] | undefined;
  /** What signs the notices to webhooks. */
  readonly webhookSecret: () => Promise<string | undefined>;
}

/** How long a question waits for its answer. */
const QUESTION_MS = 3600 * 1000;

type Answer<T> = Promise<Result<T, RelayError>>;

/** The façade over the engine: what every door of a host talks to. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #changes: Emitter<RelayChange>;
  readonly #scheduler: Scheduler;
  readonly #delivery: Delivery;
  readonly #drifts: Drifts;
  readonly #publisher: Publisher;
  readonly #webhooks: Webhooks;
  readonly #questions: Questions;
  readonly #staff: Staff;
  #closing = false;
  #runs = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { store, vault, sources, clock, log, concurrency } = options;
    this.#changes = new Emitter((thrown) => log.write('error', 'a subscriber threw', { error: messageOf(thrown) }));
    const runner = options.makeRunner((job, bytes) => this.#changes.emit({ kind: 'log', jobId: job.id, bytes }));
    this.#questions = new Questions({ store, clock, allowed: options.allowed, deadlineMs: QUESTION_MS });
    const consent: SchedulerOptions['consent'] = (job, signal) =>
      options.policy.agentCommands === 'ask' ? this.#questions.consentTo(job, signal) : Promise.resolve(undefined);
    const holds = new Holds(clock, () => {
      this.#changes.emit({ kind: 'executors' });
      if (this.#runs) this.#scheduler.lookAgain();
    });
    this.#staff = { executors: options.executors, holds, order: options.order };
    this.#scheduler = new Scheduler({
      store,
      runner,
      clock,
      log,
      concurrency,
      consent,
      holds,
      choose: (job) => choiceFor(job, this.#staff),
      askFor: (job, signal) => this.#questions.askFor(job, signal),
    });
    options.executors.onChanged((name) => {
      if (options.executors.get(name).ok) holds.came(name);
      this.#changes.emit({ kind: 'executors' });
      if (this.#runs) this.#scheduler.lookAgain();
    });
    const branches = new BranchDelivery({ store, vault, sources, clock });
    this.#delivery = new Delivery({ store, vault, clock, log, sources, branches });
    this.#publisher = new Publisher({ store, vault, sources, clock, delivery: this.#delivery });
    const view = (jobId: JobId): Answer<CallOutput<'get'>> => this.#get(jobId);
    this.#webhooks = new Webhooks({ store, clock, log, view, secret: options.webhookSecret });
    const onChanged = (jobId: JobId): void => this.#changes.emit({ kind: 'drift', jobId });
    this.#drifts = new Drifts({ store, vault, sources, clock, log, watch: watchFolder, onChanged });
    store.onAppended((appended) => this.#onAppended(appended));
  }

  /** Picks up what an earlier host left, then lets jobs run; in mode `read` nothing is started. */
  async start(mode: 'run' | 'read'): Promise<Result<void, RelayError>> {
    const { store, clock, log } = this.#options;
    const recovered = await recover({ store, clock, log, delivery: this.#delivery });
    if (!recovered.ok || mode === 'read') return recovered;
    this.#webhooks.start();
    awaitAbsent(store, this.#staff, clock);
    this.#runs = true;
    this.#drifts.start();
    for (const job of store.live()) this.#scheduler.expireInTime(job);
    this.#scheduler.wake();
    return ok(undefined);
  }

  /** Takes nothing new, stops what runs (the next host picks it up), and waits for it. */
  async stop(): Promise<void> {
    this.#closing = true;
    this.#webhooks.stop();
    await Promise.all([this.#scheduler.stop(), this.#options.verifier.stop(), this.#drifts.stop()]);
  }

  get relay(): Relay {
    return {
      submit: (input) => this.#submit(input),
      get: (input) => this.#get(input.jobId),
      find: (input) => this.#find(input.prefix),
      list: (input) => this.#list(input),
      usage: (input) => this.#usage(input),
      events: (input) => this.#events(input.jobId),
      cancel: (input) => this.#cancel(input),
      retry: (input) => this.#descend(input, retried),
      rebase: (input) => this.#descend(input, (job) => rebased(job, this.#options)),
      followUp: (input) => this.#descend(input, (job) => followed(job, input, this.#options)),
      delete: (input) => this.#delete(input),
      lift: (input) => liftFinds(input, this.#options),
      verify: (input) => this.#verify(input),
      artifact: (input) => this.#artifact(input),
      checkOutput: (input) => this.#checkOutput(input),
      log: (input) => this.#log(input),
      apply: (input) => this.#delivery.apply(input),
      undo: (input) => this.#delivery.undo(input),
      hunks: (input) => this.#delivery.hunks(input.jobId),
      publish: (input) => this.#publisher.publish(input),
      answer: (input) => this.#answer(input),
      content: (input) => this.#content(input),
      executors: async ({ anew }) => ok({ executors: [...(await viewsOf(this.#staff, anew))] }),
      look: () => Promise.resolve(ok(this.#drifts.look())),
      plan: (input) => planOrder(input, { ...this.#options, drifts: this.#drifts }),
      activity: () => Promise.resolve(ok({ live: this.#options.store.live().length + this.#webhooks.pending })),
      onChange: (listener) => this.#changes.on(listener),
    };
  }

  async #submit({ spec, workspace, origin, parent }: CallInput<'submit'>): Answer<CallOutput<'submit'>> {
    if (this.#closing) return err(relayError('closing', 'The relay is going down. Submit again in a moment.'));
    const executor = executorOf(spec);
    const refused = this.#refused(spec, executor, origin);
    if (refused !== undefined) return err(refused);
    const earlier = earlierJob(spec, this.#options);
    if (earlier !== undefined) return earlier;
    const pinned = await pinOf(spec, workspace, this.#options);
    if (!pinned.ok) return pinned;
    return this.#append(spec, executor, { ...pinned.value, origin, ...(parent === undefined ? {} : { parent }) });
  }

  /** From here to the append nothing is awaited: two submits with one key cannot both make a job. */
  async #append(
    spec: JobSpec,
    executor: string,
    rest: Pin & Pick<CallInput<'submit'>, 'origin' | 'parent'> & { readonly relation?: Relation },
  ): Answer<CallOutput<'submit'>> {
    const { store, clock } = this.#options;
    const earlier = earlierJob(spec, this.#options);
    if (earlier !== undefined) return earlier;
    const specDigest = digestOf(spec);
    const done = await store.append(
      newJobId(),
      { type: 'submitted', spec, specDigest, executor, ...rest },
      clock.now(),
    );
    if (!done.ok) return err(toRelayError(done.error));
    const { id, state, stateVersion } = done.value;
    return ok({ jobId: id, state, stateVersion, deduplicated: false });
  }

  async #get(jobId: JobId): Answer<CallOutput<'get'>> {
    const job = await this.#options.store.get(jobId);
    if (!job.ok) return err(toRelayError(job.error));
    const view = await this.#drifts.onView(viewOf(job.value), job.value);
    return ok({ ...view, ...(await this.#delivery.partial(job.value)) });
  }

  async #find(prefix: string): Answer<CallOutput<'find'>> {
    const found = await this.#options.store.find(prefix);
    if (!found.ok) return err(toRelayError(found.error));
    const [jobId, second] = found.value;
    if (jobId === undefined)
      return err(relayError('notFound', `No job begins with "${prefix}". "task-relay jobs" lists them.`));
    if (second !== undefined)
      return err(relayError('invalid', `Several jobs begin with "${prefix}". Give more of the id.`));
    return ok({ jobId });
  }

  async #list({ state, limit, offset }: CallInput<'list'>): Answer<CallOutput<'list'>> {
    const listed = await this.#options.store.list({ limit, offset, ...(state === undefined ? {} : { state }) });
    if (!listed.ok) return err(toRelayError(listed.error));
    const { rows, total } = listed.value;
    return ok({ items: await this.#drifts.onPage(rows.map(summaryOf)), total, hasMore: offset + rows.length < total });
  }

  async #usage({ since, until }: CallInput<'usage'>): Answer<CallOutput<'usage'>> {
    if (since !== undefined && until !== undefined && since > until)
      return err(relayError('invalid', `No day is since ${since} and until ${until}: give the earlier one as since.`));
    const query = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
    const rows = await this.#options.store.usage(query);
    if (!rows.ok) return err(toRelayError(rows.error));
    return ok(usageReport(rows.value.map(({ spent, ...row }) => ({ ...row, ...spent }))));
  }

  async #events(jobId: JobId): Answer<CallOutput<'events'>> {
    const entries = await this.#options.store.events(jobId);
    return entries.ok ? ok({ entries: [...entries.value] }) : err(toRelayError(entries.error));
  }

  async #cancel({ jobId, origin }: CallInput<'cancel'>): Answer<CallOutput<'cancel'>> {
    const { store, clock } = this.#options;
    const done = await store.append(jobId, { type: 'canceled', by: origin }, clock.now());
    if (done.ok) return ok({ ok: true, state: done.value.state });
    if (done.error.kind !== 'illegal') return err(toRelayError(done.error));
    const job = await store.get(jobId);
    return job.ok ? ok({ ok: false, state: job.value.state }) : err(toRelayError(job.error));
  }

  /** A new job that an ended one leads to: it knows its parent, and is let in like any other. */
  async #descend(
    { jobId, origin }: CallInput<'retry'>,
    make: (job: Job) => Result<Descendant, RelayError> | Promise<Result<Descendant, RelayError>>,
  ): Answer<CallOutput<'submit'>> {
    if (this.#closing) return err(relayError('closing', 'The relay is going down. Try again in a moment.'));
    const found = await this.#options.store.get(jobId);
    if (!found.ok) return err(toRelayError(found.error));
    const made = await make(found.value);
    if (!made.ok) return made;
    const { spec, executor, relation, pin } = made.value;
    const refused = this.#refused(spec, executor, origin);
    if (refused !== undefined) return err(refused);
    const pinned = await pin();
    return pinned.ok ? this.#append(spec, executor, { ...pinned.value, origin, parent: jobId, relation }) : pinned;
  }

  #refused(spec: JobSpec, executor: string, origin: Origin): RelayError | undefined {
    const { policy, executors } = this.#options;
    const refusal = refusalOf(spec, origin, policy);
    if (refusal !== undefined) return refusal;
    const wrong = executor === AUTO ? undefined : wrongExecutor(executors, executor, spec);
    return wrong === undefined ? undefined : relayError('invalid', wrong);
  }

  async #delete({ jobId, origin }: CallInput<'delete'>): Answer<CallOutput<'delete'>> {
    const { store, threads, clock } = this.#options;
    const done = await store.append(jobId, { type: 'deleted', by: origin }, clock.now());
    if (done.ok) await threads.remove(jobId);
    if (done.ok) return ok({ ok: true });
    if (done.error.kind !== 'illegal') return err(toRelayError(done.error));
    return err(
      relayError('illegal', `Job ${jobId} has not ended, or is being applied: cancel it, or wait, then delete it.`),
    );
  }

  async #verify({ jobId, patch }: CallInput<'verify'>): Answer<CallOutput<'verify'>> {
    const job = await this.#options.store.get(jobId);
    return job.ok ? this.#options.verifier.verify(job.value, patch) : err(toRelayError(job.error));
  }

  async #artifact({ jobId, name, offset, maxBytes }: CallInput<'artifact'>): Answer<CallOutput<'artifact'>> {
    const { store, vault } = this.#options;
    const job = await store.get(jobId);
    if (!job.ok) return err(toRelayError(job.error));
    const artifact = artifactsOf(job.value).find((one) => one.name === name);
    if (artifact === undefined) {
      const has = artifactsOf(job.value).map((one) => one.name);
      const listed = has.length === 0 ? 'none' : has.join(', ');
      return err(relayError('notFound', `Job ${jobId} (${job.value.state}) has no ${name}; it has ${listed}.`));
    }
    const length = Math.max(0, Math.min(maxBytes, artifact.bytes - offset));
    const bytes = await vault.read(artifact.digest, { offset, length });
    if (!bytes.ok) return err(relayError('io', bytes.error.message));
    return ok({ base64: bytes.value.toString('base64'), offset, totalBytes: artifact.bytes });
  }

  async #checkOutput(input: CallInput<'checkOutput'>): Answer<CallOutput<'checkOutput'>> {
    const job = await this.#options.store.get(input.jobId);
    return job.ok ? checkOutputOf(job.value, input, this.#options.vault) : err(toRelayError(job.error));
  }

  async #log({ jobId, offset, maxBytes }: CallInput<'log'>): Answer<CallOutput<'log'>> {
    const { store, logs } = this.#options;
    const job = await store.get(jobId);
    if (!job.ok) return err(toRelayError(job.error));
    if (isTerminal(job.value)) {
      if (!artifactsOf(job.value).some((one) => one.name === 'logs.txt'))
        return ok({ base64: '', offset, totalBytes: 0, ended: true });
      const slice = await this.#artifact({ jobId, name: 'logs.txt', offset, maxBytes });
      return slice.ok ? ok({ ...slice.value, ended: true }) : slice;
    }
    const growing = join(logs, `${jobId}-${String(job.value.attempt)}.txt`);
    return ok(await growingLog(growing, offset, maxBytes));
  }

  async #answer({ jobId, askId, answer, origin }: CallInput<'answer'>): Answer<CallOutput<'answer'>> {
    const job = await this.#questions.answer(jobId, askId, answer, origin);
    return job.ok ? ok({ state: job.value.state }) : job;
  }

  async #content({ jobId, path, side }: CallInput<'content'>): Answer<CallOutput<'content'>> {
    const job = await this.#options.store.get(jobId);
    if (!job.ok) return err(toRelayError(job.error));
    if (job.value.state !== 'SUCCEEDED' && job.value.state !== 'FAILED') {
      return err(relayError('illegal', `Job ${jobId} is ${job.value.state}: it has no changed files.`));
    }
    const content = await contentOf(job.value, path, side, this.#options);
    if (!content.ok || content.value === undefined) return content.ok ? ok({}) : content;
    const served =
      job.value.outcome.quarantine === undefined || side === 'before'
        ? content.value
        : await withoutSecrets(job.value, { name: path, bytes: content.value }, this.#options);
    return ok({ base64: served.toString('base64') });
  }

  #onAppended({ entry, job }: Appended): void {
    const { seq, at } = entry;
    this.#drifts.note({ entry, job });
    this.#changes.emit({ kind: 'job', jobId: job.id, state: job.state, stateVersion: job.stateVersion, seq, at });
    const isBegun = entry.event.type === 'submitted' || entry.event.type === 'lifted';
    if (isBegun && !isTerminal(job) && this.#runs) this.#scheduler.expireInTime(job);
    if (isTerminal(job)) this.#scheduler.forget(job.id);
    if (job.state === 'QUEUED' && this.#runs) this.#scheduler.wake();
  }
}

function toRelayError(error: AppendError): RelayError {
  return relayError(error.kind, error.message);
}
