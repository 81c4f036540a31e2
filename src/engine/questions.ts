import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { Lane } from '../base/lane.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { JobEvent, Question } from '../domain/event.ts';
import type { Ask } from '../domain/executor.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { JobId } from '../domain/ids.ts';
import type { RunningJob } from '../domain/job.ts';
import { commandsOf } from '../domain/jobSpec.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Appended, JobStore } from '../store/jobStore.ts';
import type { AskUser } from './runner.ts';

const ALLOW_ONCE = 'Allow once';
const ALLOW_ALWAYS = 'Allow always';
const REFUSE = 'Refuse';

/** Who answered where nobody did: its time was over, or the run that had asked. */
const DEADLINE = 'deadline';
const ENDED = 'ended';

/** The first pause before an answer that could not be written is tried again, and the longest. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** The command lines of agents that the user has allowed for good in this repository. */
export interface AllowedCommands {
  has(run: string): boolean;
  add(runs: readonly string[]): void;
}

/** Where nobody can be asked, nothing is remembered. */
export const noneAllowed: AllowedCommands = { has: () => false, add: () => undefined };

export interface QuestionsOptions {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly allowed: AllowedCommands;
  /** The most milliseconds until a question that nobody answers gets the policy's answer. */
  readonly deadlineMs: number;
}

type Asked = Pick<Question, 'text' | 'choices' | 'fallback' | 'personsOnly'>;

/** Questions that a job waits on. They are kept by the store like all else: a question outlives whoever shows it. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #waiting = new Map<string, (answer: string) => void>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
    options.store.onAppended((appended) => this.#hear(appended));
  }

  /** Asks the user before commands that an agent wrote run; answers why they may not. Other jobs are asked nothing. */
  async consentTo(job: RunningJob, signal: AbortSignal): Promise<Failure | undefined> {
    if (job.origin !== 'mcp') return undefined;
    const unknown = commandsOf(job.spec).filter(({ run }) => !this.#options.allowed.has(run));
    if (unknown.length === 0) return undefined;
    const lines = unknown.map(({ field, run }) => `${field}: ${run}`).join('\n');
    const text = `An agent wants to run:\n${lines}`;
    // An agent that could answer this would allow itself what it asks for.
    const choices = [ALLOW_ONCE, ALLOW_ALWAYS, REFUSE];
    const asked = await this.#ask(job, { text, choices, fallback: REFUSE, personsOnly: true }, signal);
    if (asked === ALLOW_ALWAYS) this.#options.allowed.add(unknown.map(({ run }) => run));
    if (asked === ALLOW_ONCE || asked === ALLOW_ALWAYS) return undefined;
    const why = asked === undefined ? 'was not answered' : 'was refused';
    return failure('POLICY', `The commands of this job may not run: the question about them ${why}.`);
  }

  /** Asks for a running job's executor, one question after the other; where no answer comes, the fallback is taken. */
  askFor(job: RunningJob, signal: AbortSignal): AskUser {
    const lane = new Lane();
    return (question: Ask, over: AbortSignal) =>
      lane.run(async () => {
        if (over.aborted) return question.fallback;
        const asked = { ...question, choices: [...question.choices] };
        return (await this.#ask(job, asked, signal, over)) ?? question.fallback;
      });
  }

  /** Takes the user's answer to a question that a job waits on. */
  async answer(jobId: JobId, askId: string, answer: string, by: string): Promise<Result<RunningJob, RelayError>> {
    const { store, clock } = this.#options;
    const job = await store.get(jobId);
    if (!job.ok) return err(relayError(job.error.kind, job.error.message));
    const current = job.value;
    if (current.state !== 'WAITING' || current.question.askId !== askId) {
      return err(relayError('illegal', `Job ${jobId} is ${current.state} and does not wait for this answer.`));
    }
    const wrong = wrongAnswer(current.question, answer, by);
    if (wrong !== undefined) return err(wrong);
    const event: JobEvent = { type: 'answered', attempt: current.attempt, askId, answer, by };
    const done = await store.append(jobId, event, clock.now());
    if (!done.ok) return err(relayError(done.error.kind, done.error.message));
    return done.value.state === 'RUNNING'
      ? ok(done.value)
      : err(relayError('illegal', `Job ${jobId} is ${done.value.state}.`));
  }

  /**
   * Undefined where the signal was raised before an answer came, or the question could not be put. Once `over` is
   * raised, nobody waits for the answer any more: the fallback is taken.
   */
  async #ask(job: RunningJob, asked: Asked, signal: AbortSignal, over?: AbortSignal): Promise<string | undefined> {
    const { store, clock } = this.#options;
    const askId = randomBytes(6).toString('hex');
    const deadline = this.#deadlineOf(job);
    const done = new AbortController();
    const answered = new Promise<string | undefined>((resolve) => {
      this.#waiting.set(askId, resolve);
      heed(signal, done.signal, () => resolve(undefined));
    });
    try {
      const question = { askId, ...asked, deadline };
      const put = await store.append(job.id, { type: 'asked', attempt: job.attempt, question }, clock.now());
      if (!put.ok) return undefined;
      const answer = asked.fallback ?? asked.choices.at(-1) ?? '';
      const answerBy = (by: string): void =>
        void this.#answerInstead(job.id, { type: 'answered', attempt: job.attempt, askId, answer, by });
      const timer = clock.after(Math.max(0, deadline - clock.now()), () => answerBy(DEADLINE));
      if (over !== undefined) heed(over, done.signal, () => (signal.aborted ? undefined : answerBy(ENDED)));
      return await answered.finally(() => timer.dispose());
    } finally {
      done.abort();
      this.#waiting.delete(askId);
    }
  }

  /** Never later than halfway to the job's expiry: else the job would be gone before its fallback is taken. */
  #deadlineOf({ expiresAt }: RunningJob): number {
    const now = this.#options.clock.now();
    const half = Math.floor(Math.max(0, expiresAt - now) / 2);
    return now + Math.min(this.#options.deadlineMs, half);
  }

  /** An answer that could not be written is tried again while the question waits: else the job would until it expires. */
  async #answerInstead(jobId: JobId, event: Extract<JobEvent, { type: 'answered' }>): Promise<void> {
    const { store, clock } = this.#options;
    for (let wait = FIRST_WAIT_MS; this.#waiting.has(event.askId); wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const done = await store.append(jobId, event, clock.now());
      if (done.ok || done.error.kind !== 'io') return;
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
  }

  #hear({ entry: { event } }: Appended): void {
    if (event.type === 'answered') this.#waiting.get(event.askId)?.(event.answer);
  }
}

/** Calls once when a signal is raised, at once where it is; no more after `until`. */
function heed(signal: AbortSignal, until: AbortSignal, call: () => void): void {
  if (signal.aborted) call();
  else signal.addEventListener('abort', call, { once: true, signal: until });
}

function wrongAnswer({ choices, personsOnly }: Question, answer: string, by: string): RelayError | undefined {
  if (personsOnly === true && by === 'mcp')
    return relayError('refused', 'Only a person may answer this question: ask the user to, in the editor.');
  if (choices.length > 0 && !choices.includes(answer))
    return relayError('invalid', `"${answer}" is none of the choices: ${choices.join(', ')}.`);
  return undefined;
}
