import { join } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import type { Report } from '../domain/executor.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Rejudged, RunningJob } from '../domain/job.ts';
import { defaults } from '../domain/jobSpec.ts';
import type { EffectivePolicy } from '../domain/repositoryPolicy.ts';
import type { GateGround } from '../checks/gateRun.ts';
import { gather } from '../checks/gather.ts';
import type { Redactor } from '../checks/redactor.ts';
import { judge } from '../checks/pipeline.ts';
import { policyAt } from '../checks/policyFile.ts';
import type { SecretsGround } from '../checks/secrets.ts';
import { copyIndex, type Snapshot } from '../git/capture.ts';
import { describe, type GitError } from '../git/git.ts';
import type { Mirror } from '../git/mirror.ts';
import type { Claim } from '../git/slots.ts';
import { executorEnvironment } from '../process/environment.ts';
import type { AttemptLog } from './attemptLog.ts';
import type { AttemptOptions } from './attemptOptions.ts';
import { AttemptShell } from './attemptShell.ts';
import { committedOf, ensureBaseline, toldOf } from './baseline.ts';
import { beforeOf } from './before.ts';
import { Budget } from './budget.ts';
import { Execution, type ExecutionError } from './execution.ts';
import { gateGround } from './gateGround.ts';
import type { LetThrough } from './letThrough.ts';
import type { RawStream } from './rawStream.ts';
import type { AskUser, AttemptEnd } from './runner.ts';
import { proofEnvironment, provenanceOf } from './provenance.ts';
import { remake } from './remake.ts';
import { seal, type Sealable } from './seal.ts';
import { stopOf, wordOf, type Stop } from './stop.ts';
import { TimeLimit } from './timeLimit.ts';
import { prepare, workIn } from './slotWork.ts';
import type { Ground } from './sources.ts';
import { WorktreeInclude } from './worktreeInclude.ts';

/** What an attempt has made when its executor is done. */
interface Made {
  readonly report: Report;
  readonly baseTree: ObjectId;
  readonly shot: Snapshot;
  readonly resultTree: ObjectId;
  /** The baseline and the result get their refs in the mirror meanwhile. */
  readonly pinned: Promise<Result<void, GitError>>;
}

/** … and where it can be judged. */
interface InGround {
  readonly made: Made;
  readonly ground: Ground;
  /** Resolves when its slot is back. */
  readonly returned: Promise<void>;
  readonly policy: EffectivePolicy;
}

/** What goes with an attempt. Programs of the task are told of `temporary`, and may empty it; `own` is the relay's. */
interface Folders {
  readonly temporary: string;
  readonly own: string;
}

/** What one attempt is given. */
export interface Around {
  readonly signal: AbortSignal;
  readonly ask: AskUser;
  readonly log: AttemptLog;
  readonly raw: RawStream;
  readonly folders: Folders;
}

/** One attempt, from its mirror to its sealed artifacts. */
export class Attempt {
  readonly #options: AttemptOptions;
  readonly #job: RunningJob;
  readonly #signal: AbortSignal;
  readonly #seconds: number;
  readonly #limit: TimeLimit;
  readonly #budget: Budget;
  /** Raised by the signal, by the time limit, and by the budget. */
  readonly #bounded: AbortSignal;
  readonly #ask: AskUser;
  readonly #log: AttemptLog;
  readonly #raw: RawStream;
  readonly #env: Readonly<Record<string, string>>;
  readonly #letThrough: LetThrough;
  readonly #shell: AttemptShell;
  readonly #own: string;
  readonly #include: WorktreeInclude;
  readonly #inBackground: (work: Promise<void>) => void;
  /** The log of the attempt whose patch is judged again. */
  #earlier: Buffer = Buffer.alloc(0);

  constructor(
    options: AttemptOptions,
    job: RunningJob,
    { signal, ask, log, raw, folders: { temporary, own } }: Around,
    inBackground: (work: Promise<void>) => void,
  ) {
    this.#options = options;
    this.#job = job;
    this.#signal = signal;
    this.#seconds = job.spec.execution?.timeoutS ?? defaults.timeoutS;
    this.#limit = new TimeLimit(options.clock, this.#seconds * 1000);
    this.#budget = new Budget(job.spec.execution?.budget, job.spent);
    this.#bounded = AbortSignal.any([signal, this.#limit.signal, this.#budget.signal]);
    this.#ask = ask;
    this.#log = log;
    this.#raw = raw;
    this.#own = own;
    this.#include = new WorktreeInclude({ sources: options.sources, job, own, say: (text) => this.#say(text) });
    this.#inBackground = inBackground;
    const mark = `${options.recordId}/${job.id}/${String(job.attempt)}`;
    this.#letThrough = options.letThrough();
    this.#env = executorEnvironment(options.environment, { temporary, mark, extra: this.#letThrough.names });
    this.#shell = new AttemptShell(options.clock, this.#env, mark, (event) => log.write(event));
  }

  async run(): Promise<AttemptEnd> {
    const { rejudged, graft } = this.#job;
    this.#say(`attempt ${String(this.#job.attempt)} of job ${this.#job.id} at ${this.#job.baseline}`);
    if (graft !== undefined) this.#say(toldOf(graft));
    const making = rejudged === undefined ? this.#makeInSlot() : this.#makeFromKept(rejudged);
    const made = await making.finally(() => this.#limit.dispose());
    if (!made.ok) return this.#end(made.error);
    return this.#prove(made.value);
  }

  /** Where `run` threw: what was used and said until then is kept all the same. */
  fail(why: Failure): Promise<AttemptEnd> {
    return this.#end({ kind: 'failed', failure: why });
  }

  /** All that is under the attempt's time limit: mirror, slot, setup, executor, capture. */
  async #makeInSlot(): Promise<Result<InGround, Stop>> {
    const found = await this.#options.sources.ground(this.#job);
    if (!found.ok) return err({ kind: 'failed', failure: failure('EXECUTOR_ERROR', found.error.message) });
    const ground = found.value;
    const { mirror } = ground;
    const ensured = await ensureBaseline(this.#job, { mirror, vault: this.#options.vault }, this.#bounded);
    if (!ensured.ok) {
      const { kind, message } = ensured.error;
      return err(this.#stopOr(kind === 'aborted' ? { kind } : { kind: 'unavailable', message }));
    }
    // Before the executor, so that nobody pays for work that cannot be judged.
    const [policy, claimed] = await Promise.all([
      this.#policyAt(ground, ensured.value),
      ground.slots.claim(this.#job.baseline),
    ]);
    if (!policy.ok) {
      if (claimed.ok) this.#inBackground(claimed.value.release());
      return policy;
    }
    if (!claimed.ok) return err({ kind: 'failed', failure: failure('INTERNAL_ERROR', claimed.error.message) });
    const made = await this.#make(claimed.value, ground, ensured.value).catch((thrown: unknown) => {
      this.#inBackground(claimed.value.release());
      throw thrown;
    });
    // The result's objects are in the mirror: the slot may go while it is being judged.
    const returned = claimed.value.release(made.ok ? made.value.shot.unswept : undefined);
    this.#inBackground(returned);
    return made.ok ? ok({ made: made.value, ground, returned, policy: policy.value }) : made;
  }

  /** A patch that was kept apart, as its executor left it: nothing is run to make it again. */
  async #makeFromKept({ patch, log, summary, usage }: Rejudged): Promise<Result<InGround, Stop>> {
    const earlier = await this.#options.quarantine.read(log);
    if (earlier.ok) this.#earlier = earlier.value;
    this.#say(`judged again, with these finds lifted: ${(this.#job.lifted ?? []).join(', ')}`);
    const found = await this.#options.sources.ground(this.#job);
    if (!found.ok) return err({ kind: 'failed', failure: failure('EXECUTOR_ERROR', found.error.message) });
    const ground = found.value;
    const { vault } = this.#options;
    const place = { mirror: ground.mirror, vault, baseIndex: this.#baseIndex(), scratchIndex: this.#scratch() };
    const kept = { vault: this.#options.quarantine, digest: patch };
    const remade = await remake(this.#job, kept, place, this.#bounded);
    if (!remade.ok) return err(this.#signal.aborted ? { kind: 'stopped' } : { kind: 'failed', failure: remade.error });
    const { baseTree, resultTree } = remade.value;
    const policy = await this.#policyAt(ground, baseTree);
    if (!policy.ok) return policy;
    const pinned = ground.mirror.pin(this.#job.id, this.#job.baseline, resultTree);
    // What the slot had beside the patch is not known any more; attributes are looked for in any case.
    const shot = { tree: resultTree, ignored: [], unswept: [], attributes: true };
    const report = { ...(summary === undefined ? {} : { summary }), ...(usage === undefined ? {} : { usage }) };
    const made = { report, baseTree, shot, resultTree, pinned };
    return ok({ made, ground, returned: Promise.resolve(), policy: policy.value });
  }

  async #policyAt({ mirror }: Ground, baseTree: ObjectId): Promise<Result<EffectivePolicy, Stop>> {
    const head = await this.#options.sources.head(this.#job.workspace);
    if (!head.ok) return err({ kind: 'failed', failure: failure('EXECUTOR_ERROR', head.error.message) });
    const { git, objects } = mirror;
    const places = { baseline: { git, objects, root: baseTree }, head: head.value };
    const policy = await policyAt(places, this.#job.spec, this.#options.hostPolicy());
    return policy.ok ? policy : err({ kind: 'failed', failure: policy.error });
  }

  async #make(claim: Claim, { mirror }: Ground, baseTree: ObjectId): Promise<Result<Made, Stop>> {
    const place = { git: mirror.git, slot: claim.slot, scratchIndex: this.#scratch() };
    const prepared = await prepare(place, {
      baseTree,
      include: this.#include,
      setup: this.#job.spec.setup,
      shell: this.#shell,
      signal: this.#bounded,
      stopOr: (error) => this.#stopOr(error),
      say: (text) => this.#say(text),
    });
    if (!prepared.ok) return prepared;
    const ran = await this.#execute(claim, mirror);
    if (!ran.ok) return err(this.#stopOr(ran.error));
    const work = await workIn(place, prepared.value);
    if (!work.ok) return work;
    // The slot may be at another baseline by the time that this one is proven.
    await copyIndex(claim.slot.baseIndex, this.#baseIndex());
    const pinned = mirror.pin(this.#job.id, this.#job.baseline, work.value.resultTree);
    return ok({ report: ran.value, baseTree, ...work.value, pinned });
  }

  async #execute({ slot }: Claim, { git }: Mirror): Promise<Result<Report, ExecutionError>> {
    const execution = new Execution({
      job: this.#job,
      executors: this.#options.executors,
      place: { root: slot.root, git },
      own: this.#own,
      env: this.#env,
      signal: this.#bounded,
      limit: this.#limit,
      budget: this.#budget,
      given: this.#letThrough.secrets,
      ask: this.#ask,
      before: await beforeOf(this.#job, this.#options, this.#own),
      onLog: (event) => this.#log.write(event),
      onRaw: (line) => this.#raw.write(line),
    });
    return execution.run();
  }

  async #prove({ made, ground, returned, policy }: InGround): Promise<AttemptEnd> {
    const { mirror } = ground;
    const { clock } = this.#options;
    const { ignored, attributes } = made.shot;
    const { baseTree, resultTree } = made;
    const gathered = await gather(
      { git: mirror.git, objects: mirror.objects, scratchIndex: this.#scratch() },
      { spec: this.#job.spec, policy, baseTree, resultTree, ignored, attributes },
    );
    const pinned = await made.pinned;
    if (!pinned.ok) return this.#end({ kind: 'failed', failure: failure('INTERNAL_ERROR', describe(pinned.error)) });
    if (!gathered.ok)
      return this.#end({ kind: 'failed', failure: failure('BAD_ARTIFACTS', gathered.error) }, { report: made.report });
    const bundle = gathered.value;
    const place = { git: mirror.git, baseIndex: this.#baseIndex(), scratchIndex: this.#scratch() };
    const gates = this.#gates(made, ground, returned);
    const verdict = await judge(bundle, place, gates, this.#secrets(made.report), clock);
    if (this.#signal.aborted) return this.#end({ kind: 'stopped' });
    const proven = {
      report: made.report,
      bundle,
      ...verdict,
      provenance: provenanceOf(made.report, this.#job, this.#options.version),
    };
    if (verdict.failure !== undefined) return this.#end({ kind: 'failed', failure: verdict.failure }, proven);
    await this.#keepThread(made.report, verdict.redactor);
    return this.#end(undefined, proven);
  }

  /** For a follow-up. Never of an attempt in which a secret stood: its program knows that, too. */
  async #keepThread({ threadFile }: Report, redactor: Redactor): Promise<void> {
    if (threadFile === undefined || !redactor.isIdle) return;
    const kept = await this.#options.threads.keep(this.#job.id, threadFile);
    if (kept.ok) this.#say(`its thread is kept for follow-ups (${String(Math.ceil(kept.value / 1024))} KiB)`);
    else this.#say(`its thread is not kept: ${kept.error.message}`);
  }

  #gates({ resultTree }: Made, { slots }: Ground, returned: Promise<void>): GateGround {
    return gateGround({
      slots,
      returned,
      resultTree,
      baseline: this.#job.baseline,
      include: this.#include,
      setup: this.#job.spec.setup,
      setupTimeoutS: this.#seconds,
      shell: this.#shell,
      vault: this.#options.vault,
      outputs: join(this.#options.logs, `${this.#job.id}-${String(this.#job.attempt)}-gate`),
      signal: this.#signal,
      say: (text) => this.#say(text),
    });
  }

  #secrets({ summary, testPlan, notes }: Report): SecretsGround {
    const said = [summary, testPlan, notes].filter((text) => text !== undefined).join('\n');
    const raw = { name: 'stream.jsonl', read: () => this.#raw.soFar() } as const;
    return { ...this.#known, ...committedOf(this.#job), log: () => this.#wholeLog(), raw, said };
  }

  /** With that of the attempt whose patch is judged again: it is looked at, and shown to nobody before it was. */
  async #wholeLog(): Promise<Buffer> {
    return Buffer.concat([this.#earlier, await this.#log.soFar()]);
  }

  get #known(): Pick<SecretsGround, 'key' | 'lifted' | 'given'> {
    const { secretsKey: key } = this.#options;
    return { key, lifted: new Set(this.#job.lifted), given: this.#letThrough.secrets };
  }

  async #end(stop: Stop | undefined, made: Sealable = {}): Promise<AttemptEnd> {
    this.#say(wordOf(stop));
    const { vault, quarantine, clock, version, sources } = this.#options;
    const environment = proofEnvironment({ relay: version, git: await sources.version(), variables: this.#env });
    const usage = this.#budget.total;
    const own = {
      job: this.#job,
      signal: this.#signal,
      log: this.#log,
      raw: this.#raw,
      usage,
      secrets: this.#known,
    };
    return seal({ ...own, earlier: this.#earlier, vault, quarantine, clock, environment }, stop, made);
  }

  #stopOr(error: ExecutionError): Stop {
    return stopOf(error, { signal: this.#signal, limit: this.#limit, seconds: this.#seconds, budget: this.#budget });
  }

  #scratch(): string {
    return join(this.#own, 'index');
  }

  #baseIndex(): string {
    return join(this.#own, 'index.base');
  }

  #say(text: string): void {
    this.#log.write({ stream: 'relay', text });
  }
}
