import { err, ok, type Result } from '../base/result.ts';
import { withoutGiven, type GivenSecret } from '../checks/givenSecrets.ts';
import type { Usage } from '../domain/artifact.ts';
import type {
  Ask,
  ExecutionContext,
  ExecutorError,
  LogEvent,
  RawLine,
  Repair,
  Report,
  Thread,
} from '../domain/executor.ts';
import type { RunningJob } from '../domain/job.ts';
import type { ExecutorRegistry } from '../executors/registry.ts';
import type { Before } from './before.ts';
import type { Budget } from './budget.ts';
import { carryOut, type ProposalError, type ProposalPlace } from './proposal.ts';
import type { AskUser } from './runner.ts';
import type { TimeLimit } from './timeLimit.ts';

export type ExecutionError = Exclude<ExecutorError, { kind: 'threadGone' }> | ProposalError;

export interface ExecutionOptions {
  readonly job: RunningJob;
  readonly executors: ExecutorRegistry;
  readonly place: ProposalPlace;
  /** A folder of the relay's own. */
  readonly own: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly limit: TimeLimit;
  readonly budget: Budget;
  /** In no question: those are journaled as they are put. */
  readonly given: readonly GivenSecret[];
  readonly ask: AskUser;
  /** What the job goes on from. */
  readonly before: Before | undefined;
  readonly onLog: (event: LogEvent) => void;
  readonly onRaw: (line: RawLine) => void;
}

/** One executor's work in a slot: it edits there, or it proposes and the relay edits, with one chance to mend a proposal. */
export class Execution {
  readonly #options: ExecutionOptions;
  /** What is asked and not answered yet. */
  readonly #open = new Set<Promise<string>>();
  /** The thread to go on in. */
  #thread: Thread | undefined;

  constructor(options: ExecutionOptions) {
    this.#options = options;
  }

  async run(): Promise<Result<Report, ExecutionError>> {
    this.#takeUp();
    const first = await this.#runOnce();
    if (!first.ok || first.value.proposal === undefined) return first;
    const carried = await this.#carryOut(first.value.proposal);
    if (carried.ok) return first;
    this.#say(`the proposal did not do, and is asked for once more: ${carried.error.message}`);
    const { message } = carried.error;
    const second = await this.#runOnce({ proposal: first.value.proposal, message });
    if (!second.ok || second.value.proposal === undefined) return second;
    const mended = await this.#carryOut(second.value.proposal);
    return mended.ok ? second : err(finalError(mended.error));
  }

  #takeUp(): void {
    const { before } = this.#options;
    const last = before?.earlier.at(-1);
    if (before === undefined || last === undefined) return;
    if ('why' in before.thread) {
      this.#say(`goes on from job ${last.jobId}, which the executor is told of: ${before.thread.why}`);
      return;
    }
    this.#thread = before.thread.of;
    this.#say(`goes on from job ${last.jobId}, in its thread (${this.#thread.sessionId})`);
  }

  /** A thread that is gone is no failure: the executor is told what it would have remembered. */
  async #runOnce(repair?: Repair): Promise<Result<Report, ExecutionError>> {
    const done = await this.#runAs(repair);
    if (done.ok || done.error.kind !== 'threadGone') return narrowed(done);
    this.#thread = undefined;
    this.#say(`the thread could not be taken up, so the executor is told of the job before: ${done.error.message}`);
    return narrowed(await this.#runAs(repair));
  }

  async #runAs(repair?: Repair): Promise<Result<Report, ExecutorError>> {
    const { job, executors, budget, before, signal } = this.#options;
    const executor = executors.get(job.executor);
    if (!executor.ok) return err({ kind: 'unavailable', message: executor.error.message });
    if (budget.isUsedUp) return err({ kind: 'spent', message: 'Nothing of its budget is left for another run.' });
    const request = {
      jobId: job.id,
      attempt: job.attempt,
      spec: job.spec,
      budget: budget.left,
      ...(before === undefined ? {} : { earlier: before.earlier }),
      ...(this.#thread === undefined ? {} : { thread: this.#thread }),
    };
    const over = new AbortController();
    const context = this.#context(AbortSignal.any([signal, over.signal]));
    const done = await executor.value.run(repair === undefined ? request : { ...request, repair }, context);
    // What it asked and did not wait for: else the job would be WAITING while it is judged.
    over.abort();
    await Promise.all(this.#open);
    const usage = usageOf(done);
    if (usage !== undefined) budget.take(usage);
    budget.next();
    // What it told at its end may pass the budget as well.
    return budget.excess === undefined ? done : err({ kind: 'aborted' });
  }

  #context(over: AbortSignal): ExecutionContext {
    const { place, own, env, signal, budget, onLog, onRaw } = this.#options;
    return {
      directory: place.root,
      own,
      env,
      signal,
      onLog,
      onRaw,
      onUsage: (usage) => budget.take(usage),
      ask: (question) => this.#ask(question, over),
    };
  }

  /** The time that a person takes is not the attempt's. */
  async #ask(question: Ask, over: AbortSignal): Promise<string> {
    if (over.aborted) return question.fallback;
    const { limit, ask, given } = this.#options;
    const redactor = withoutGiven(given);
    const shown = {
      ...question,
      text: redactor.text(question.text),
      choices: question.choices.map((choice) => redactor.text(choice)),
      fallback: redactor.text(question.fallback),
    };
    this.#say(`asks: ${shown.text}`);
    limit.pause();
    const asked = ask(shown, over);
    this.#open.add(asked);
    const answer = await asked.finally(() => {
      limit.resume();
      this.#open.delete(asked);
    });
    this.#say(`the answer: ${answer}`);
    // The executor knows its choices by its own words.
    const chosen = question.choices[shown.choices.indexOf(answer)];
    return chosen ?? (answer === shown.fallback ? question.fallback : answer);
  }

  async #carryOut(proposal: string): Promise<Result<void, ProposalError>> {
    const done = await carryOut(proposal, this.#options.place);
    if (!done.ok) return done;
    const { edits, files, deletions } = done.value;
    this.#say(`carried out: ${String(edits)} edits, ${String(files)} whole files, ${String(deletions)} deletions`);
    return ok(undefined);
  }

  #say(text: string): void {
    this.#options.onLog({ stream: 'relay', text });
  }
}

/** Without a thread to go on in, none can be gone. */
function narrowed(done: Result<Report, ExecutorError>): Result<Report, ExecutionError> {
  if (done.ok) return done;
  const { error } = done;
  return err(error.kind === 'threadGone' ? { kind: 'failed', message: error.message } : error);
}

function usageOf(done: Result<Report, ExecutorError>): Usage | undefined {
  if (done.ok) return done.value.usage;
  return done.error.kind === 'failed' || done.error.kind === 'spent' ? done.error.usage : undefined;
}

function finalError({ kind, message }: ProposalError): ProposalError {
  const what = kind === 'malformed' ? 'cannot be read' : 'does not fit the baseline';
  return { kind, message: `The executor's proposal ${what}, not even at the second try. ${message}` };
}
