import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { err, messageOf, never, ok, type Result } from '../base/result.ts';
import type { ExecutorError, Report } from '../domain/executor.ts';
import { failure } from '../domain/failure.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { RunningJob } from '../domain/job.ts';
import { defaults, type Gate } from '../domain/jobSpec.ts';
import type { Bundle } from '../checks/bundle.ts';
import type { GateRun } from '../checks/gates.ts';
import { judge } from '../checks/pipeline.ts';
import type { ExecutorRegistry } from '../executors/registry.ts';
import {
  copyIndex,
  difference,
  filtered,
  snapshot,
  type CaptureError,
  type Difference,
  type Snapshot,
} from '../git/capture.ts';
import { describe, type GitError } from '../git/git.ts';
import { withoutSetup } from '../git/proof.ts';
import { removeTree } from '../git/removeTree.ts';
import type { Claim } from '../git/slots.ts';
import { executorEnvironment } from '../process/environment.ts';
import { runShell } from '../process/shell.ts';
import type { Vault } from '../store/vault.ts';
import { AttemptLog } from './attemptLog.ts';
import type { AttemptEnd, Runner } from './runner.ts';
import { seal, type Sealable, type Stop } from './seal.ts';
import type { Ground, Sources } from './sources.ts';

export interface AttemptOptions {
  readonly sources: Sources;
  readonly executors: ExecutorRegistry;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  /** The folder for logs that grow. */
  readonly logs: string;
  /** Marks every process of this record: `<recordId>/<job>/<attempt>`. */
  readonly recordId: string;
  /** The relay's own environment: executors, setup and gates get what an allow-list lets through. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Bytes that a patch may have. */
  readonly maxPatchBytes: number;
  readonly onLog: (job: RunningJob, bytes: number) => void;
}

/** What an attempt has made when its executor is done. */
interface Made {
  readonly report: Report;
  readonly baseTree: ObjectId;
  readonly shot: Snapshot;
  readonly resultTree: ObjectId;
  /** The baseline and the result get their refs in the mirror meanwhile. */
  readonly pinned: Promise<Result<void, GitError>>;
}

/** Runs attempts on this machine: mirror → slot → setup → executor → capture → checks → vault. */
export class LocalRunner implements Runner {
  readonly #options: AttemptOptions;
  readonly #returning = new Set<Promise<unknown>>();

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  async run(job: RunningJob, signal: AbortSignal): Promise<AttemptEnd> {
    const { clock, logs, onLog, sources, log: relayLog } = this.#options;
    const name = `${job.id}-${String(job.attempt)}`;
    const temporary = join(sources.temporary, name);
    let log: AttemptLog | undefined;
    try {
      // One after the other: where the disk refuses one of them, nothing of the other is left open or on its way.
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      log = await AttemptLog.create(join(logs, `${name}.txt`), clock, (bytes) => onLog(job, bytes));
      return await new Attempt(this.#options, job, signal, log, temporary, (promise) => this.#return(promise)).run();
    } catch (thrown) {
      // One of the three doors for exceptions: a bug of the relay's ends this attempt and nothing else.
      relayLog.write('error', 'an attempt threw', { jobId: job.id, error: messageOf(thrown) });
      await log?.close().catch(() => undefined);
      const why = failure(
        'INTERNAL_ERROR',
        `The relay failed at this job: ${messageOf(thrown)}. Its log has more; retry the job.`,
      );
      return { kind: 'failed', failure: why, outcome: { checks: [], artifacts: [], files: [], fileCount: 0 } };
    } finally {
      this.#return(removeTree(temporary));
    }
  }

  async idle(): Promise<void> {
    while (this.#returning.size > 0) await Promise.all(this.#returning);
  }

  #return(promise: Promise<unknown>): void {
    const { log } = this.#options;
    const returned: Promise<unknown> = promise
      .catch((thrown: unknown) => log.write('error', 'an attempt left something', { error: messageOf(thrown) }))
      .finally(() => this.#returning.delete(returned));
    this.#returning.add(returned);
  }
}

/** One attempt, from its mirror to its sealed artifacts. */
class Attempt {
  readonly #options: AttemptOptions;
  readonly #job: RunningJob;
  readonly #signal: AbortSignal;
  readonly #seconds: number;
  readonly #limit = new AbortController();
  /** Raised by the signal, and by the time limit. */
  readonly #bounded: AbortSignal;
  readonly #log: AttemptLog;
  readonly #env: Readonly<Record<string, string>>;
  readonly #mark: string;
  readonly #temporary: string;
  readonly #inBackground: (work: Promise<void>) => void;

  constructor(
    options: AttemptOptions,
    job: RunningJob,
    signal: AbortSignal,
    log: AttemptLog,
    temporary: string,
    inBackground: (work: Promise<void>) => void,
  ) {
    this.#options = options;
    this.#job = job;
    this.#signal = signal;
    this.#seconds = job.spec.execution?.timeoutS ?? defaults.timeoutS;
    this.#bounded = AbortSignal.any([signal, this.#limit.signal]);
    this.#log = log;
    this.#temporary = temporary;
    this.#inBackground = inBackground;
    this.#mark = `${options.recordId}/${job.id}/${String(job.attempt)}`;
    this.#env = executorEnvironment(options.environment, { temporary, mark: this.#mark });
  }

  async run(): Promise<AttemptEnd> {
    this.#say(`attempt ${String(this.#job.attempt)} of job ${this.#job.id} at ${this.#job.baseline}`);
    const timer = this.#options.clock.after(this.#seconds * 1000, () => this.#limit.abort());
    const made = await this.#makeInSlot().finally(() => timer.dispose());
    if (!made.ok) return this.#end(made.error);
    return this.#prove(made.value.made, made.value.ground, made.value.returned);
  }

  /** All that is under the attempt's time limit: mirror, slot, setup, executor, capture. */
  async #makeInSlot(): Promise<Result<{ made: Made; ground: Ground; returned: Promise<void> }, Stop>> {
    const found = await this.#options.sources.ground(this.#job);
    if (!found.ok) return err({ kind: 'failed', failure: failure('EXECUTOR_ERROR', found.error.message) });
    const ground = found.value;
    const ensured = await ground.mirror.ensure(this.#job.baseline, this.#bounded);
    if (!ensured.ok) {
      const { kind, message } = ensured.error;
      return err(this.#stopOr(kind === 'aborted' ? { kind } : { kind: 'unavailable', message }));
    }
    const claimed = await ground.slots.claim(this.#job.baseline);
    if (!claimed.ok) return err({ kind: 'failed', failure: failure('INTERNAL_ERROR', claimed.error.message) });
    const made = await this.#make(claimed.value, ground, ensured.value).catch((thrown: unknown) => {
      this.#inBackground(claimed.value.release());
      throw thrown;
    });
    // The result's objects are in the mirror: the slot may go while it is being judged.
    const returned = claimed.value.release(made.ok ? made.value.shot.special : undefined);
    this.#inBackground(returned);
    return made.ok ? ok({ made: made.value, ground, returned }) : made;
  }

  async #make(claim: Claim, { mirror }: Ground, baseTree: ObjectId): Promise<Result<Made, Stop>> {
    const setUp = await this.#setUp(claim, this.#bounded);
    if (!setUp.ok) return err(this.#stopOr(setUp.error));
    const before = this.#job.spec.setup === undefined ? undefined : await snapshot(mirror.git, claim.slot);
    if (before?.ok === false) return err(uncaptured(before.error));
    const ran = await this.#execute(claim, this.#bounded);
    if (!ran.ok) return err(this.#stopOr(ran.error));
    const shot = await snapshot(mirror.git, claim.slot);
    if (!shot.ok) return err(uncaptured(shot.error));
    const result =
      before === undefined
        ? ok(shot.value.tree)
        : await withoutSetup(mirror.git, claim.slot.baseIndex, this.#scratch(), before.value.tree, shot.value.tree);
    if (!result.ok) return err({ kind: 'failed', failure: failure('INTERNAL_ERROR', describe(result.error)) });
    // The slot may be at another baseline by the time that this one is proven.
    await copyIndex(claim.slot.baseIndex, this.#baseIndex());
    const pinned = mirror.pin(this.#job.id, this.#job.baseline, result.value);
    return ok({ report: ran.value, baseTree, shot: shot.value, resultTree: result.value, pinned });
  }

  async #setUp(claim: Claim, signal: AbortSignal): Promise<Result<void, ExecutorError>> {
    const { setup } = this.#job.spec;
    if (setup === undefined) return ok(undefined);
    this.#say(`setup: ${setup}`);
    const run = await this.#shell(setup, claim, signal);
    if (run.kind === 'exited' && run.exitCode === 0) return ok(undefined);
    if (signal.aborted) return err({ kind: 'aborted' });
    const how = run.kind === 'exited' ? `exit ${String(run.exitCode)}` : run.how;
    return err({ kind: 'failed', message: `The setup command failed (${how}): ${lastLine(run.output)}` });
  }

  async #execute(claim: Claim, signal: AbortSignal): Promise<Result<Report, ExecutorError>> {
    const executor = this.#options.executors.get(this.#job.executor);
    if (!executor.ok) return err({ kind: 'unavailable', message: executor.error.message });
    return executor.value.run(
      { jobId: this.#job.id, attempt: this.#job.attempt, spec: this.#job.spec },
      { directory: claim.slot.root, env: this.#env, signal, onLog: (event) => this.#log.write(event) },
    );
  }

  async #prove(made: Made, ground: Ground, returned: Promise<void>): Promise<AttemptEnd> {
    const { mirror } = ground;
    const { maxPatchBytes, clock } = this.#options;
    const diff: Result<Difference, CaptureError> =
      made.baseTree === made.resultTree
        ? ok({ patch: Buffer.alloc(0), files: [], present: [] })
        : await difference(mirror.git, made.baseTree, made.resultTree, maxPatchBytes);
    const pinned = await made.pinned;
    if (!pinned.ok) return this.#end({ kind: 'failed', failure: failure('INTERNAL_ERROR', describe(pinned.error)) });
    if (!diff.ok) return this.#end(uncaptured(diff.error), { report: made.report });
    const { patch, files, present } = diff.value;
    const underFilter = made.shot.attributes
      ? await filtered(mirror.git, made.resultTree, this.#scratch(), present)
      : ok([]);
    if (!underFilter.ok)
      return this.#end({ kind: 'failed', failure: failure('INTERNAL_ERROR', describe(underFilter.error)) });
    const bundle: Bundle = {
      spec: this.#job.spec,
      baseTree: made.baseTree,
      resultTree: made.resultTree,
      patch,
      files,
      ignored: made.shot.ignored,
      filtered: underFilter.value,
    };
    const place = { git: mirror.git, baseIndex: this.#baseIndex(), scratchIndex: this.#scratch() };
    const gates = { run: (gate: Gate, on: 'result' | 'baseline') => this.#runGate(gate, on, made, ground, returned) };
    const verdict = await judge(bundle, place, gates, clock);
    if (this.#signal.aborted) return this.#end({ kind: 'stopped' });
    const proven = { report: made.report, bundle, checks: verdict.checks };
    if (verdict.failure !== undefined) return this.#end({ kind: 'failed', failure: verdict.failure }, proven);
    return this.#end(undefined, proven);
  }

  /** A gate runs in a slot of its own, at the result or at the baseline, after setup. */
  async #runGate(
    gate: Gate,
    on: 'result' | 'baseline',
    made: Made,
    ground: Ground,
    returned: Promise<void>,
  ): Promise<GateRun> {
    await returned;
    const claimed = await ground.slots.claim(this.#job.baseline);
    if (!claimed.ok) return { kind: 'ended', how: claimed.error.message, output: '' };
    const claim = claimed.value;
    try {
      const shown = on === 'result' ? await claim.slot.show(made.resultTree) : ok(undefined);
      if (!shown.ok) return { kind: 'ended', how: shown.error.message, output: '' };
      const ready = await this.#setUp(claim, this.#signal);
      if (!ready.ok) return { kind: 'ended', how: explain(ready.error), output: '' };
      this.#say(`check ${gate.name} on the ${on}: ${gate.run}`);
      return await this.#shell(gate.run, claim, this.#signal, (gate.timeoutS ?? defaults.gateTimeoutS) * 1000);
    } finally {
      await claim.release();
    }
  }

  async #shell(line: string, claim: Claim, signal: AbortSignal, timeoutMs?: number): Promise<GateRun> {
    const exit = await runShell(
      line,
      {
        directory: claim.slot.root,
        env: this.#env,
        mark: this.#mark,
        signal,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        onLog: (event) => this.#log.write(event),
      },
      this.#options.clock,
    );
    if (!exit.ok) return { kind: 'ended', how: exit.error.message, output: '' };
    const { tail } = exit.value;
    const output = [tail.stdout, tail.stderr].filter((text) => text !== '').join('\n');
    switch (exit.value.kind) {
      case 'exited':
        return { kind: 'exited', exitCode: exit.value.exitCode, output };
      case 'signaled':
        return { kind: 'ended', how: `ended by ${exit.value.signal}`, output };
      case 'timedOut':
        return { kind: 'ended', how: 'it ran past its time limit', output };
      case 'aborted':
        return { kind: 'ended', how: 'it was stopped', output };
      default:
        return never(exit.value);
    }
  }

  #end(stop: Stop | undefined, made: Sealable = {}): Promise<AttemptEnd> {
    if (stop?.kind === 'failed') this.#say(`${stop.failure.code}: ${stop.failure.message}`);
    else this.#say(stop === undefined ? 'succeeded' : 'stopped');
    const { vault, clock } = this.#options;
    return seal({ job: this.#job, signal: this.#signal, log: this.#log, vault, clock }, stop, made);
  }

  #stopOr(error: ExecutorError): Stop {
    if (this.#signal.aborted) return { kind: 'stopped' };
    if (this.#limit.signal.aborted) {
      const why = `The attempt ran past its time limit of ${String(this.#seconds)} s. Raise execution.timeoutS, or ask for less.`;
      return { kind: 'failed', failure: failure('TIMEOUT', why) };
    }
    return { kind: 'failed', failure: failure('EXECUTOR_ERROR', explain(error)) };
  }

  #scratch(): string {
    return join(this.#temporary, 'index');
  }

  #baseIndex(): string {
    return join(this.#temporary, 'index.base');
  }

  #say(text: string): void {
    this.#log.write({ stream: 'relay', text });
  }
}

function uncaptured(error: CaptureError): Stop {
  return { kind: 'failed', failure: failure('BAD_ARTIFACTS', error.message) };
}

function explain(error: ExecutorError): string {
  return error.kind === 'aborted' ? 'The executor was stopped.' : error.message;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
