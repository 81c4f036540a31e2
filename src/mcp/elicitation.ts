import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { messageOf } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import { isTerminalState } from '../domain/jobState.ts';
import type { RelayChange } from '../protocol/change.ts';
import type { JobView } from '../protocol/jobView.ts';
import type { Relay } from '../protocol/relay.ts';

/** What is put to a client's user: `elicitation/create` in form mode (MCP 2025-11-25). */
interface Form {
  readonly message: string;
  readonly requestedSchema: {
    readonly type: 'object';
    readonly properties: { readonly answer: { type: 'string'; title: string; enum?: string[] } };
    readonly required: string[];
  };
}

export interface ElicitationOptions {
  readonly relay: Relay;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the client can ask its user, and can be reached now. */
  readonly canAsk: () => boolean;
  /** What the client's user did; rejects where the signal was raised, or `timeoutMs` have passed. */
  readonly ask: (form: Form, signal: AbortSignal, timeoutMs: number) => Promise<unknown>;
}

type Question = NonNullable<JobView['question']>;

const Accepted = z.object({ action: z.literal('accept'), content: z.object({ answer: z.string() }) });

/** The jobs of one session whose questions it puts to its user. */
const MOST_JOBS = 1000;
const LONGEST_MS = 2 ** 31 - 1;

/** Puts the questions of the jobs that a session submitted to the user of its client: those that an agent may answer. */
export class Elicitation {
  readonly #options: ElicitationOptions;
  readonly #jobs = new Set<JobId>();
  readonly #asking = new Map<JobId, AbortController>();

  constructor(options: ElicitationOptions) {
    this.#options = options;
  }

  /** The session has submitted a job. */
  follow(jobId: JobId): void {
    if (this.#jobs.size >= MOST_JOBS) return;
    this.#jobs.add(jobId);
    void this.#look(jobId);
  }

  note(change: RelayChange): void {
    if (change.kind !== 'job' || !this.#jobs.has(change.jobId)) return;
    this.#stop(change.jobId);
    if (isTerminalState(change.state)) this.#jobs.delete(change.jobId);
    else if (change.state === 'WAITING') void this.#look(change.jobId);
  }

  /** The client can be reached again: what was put before may have been lost. */
  again(): void {
    for (const jobId of this.#jobs) {
      this.#stop(jobId);
      void this.#look(jobId);
    }
  }

  end(): void {
    for (const jobId of this.#jobs) this.#stop(jobId);
    this.#jobs.clear();
  }

  #stop(jobId: JobId): void {
    this.#asking.get(jobId)?.abort();
    this.#asking.delete(jobId);
  }

  async #look(jobId: JobId): Promise<void> {
    const { relay, canAsk } = this.#options;
    if (!canAsk()) return;
    const job = await relay.get({ jobId });
    if (!job.ok || job.value.question === undefined || job.value.question.personsOnly === true) return;
    if (!this.#jobs.has(jobId) || this.#asking.has(jobId)) return;
    await this.#ask(job.value, job.value.question);
  }

  async #ask({ jobId, title }: JobView, { askId, text, choices, deadline }: Question): Promise<void> {
    const { relay, clock, log, ask } = this.#options;
    const controller = new AbortController();
    this.#asking.set(jobId, controller);
    const answer = { type: 'string' as const, title: 'Answer', ...(choices.length === 0 ? {} : { enum: choices }) };
    const form: Form = {
      message: `The job "${title}" asks: ${text}`,
      requestedSchema: { type: 'object', properties: { answer }, required: ['answer'] },
    };
    const timeoutMs = Math.min(Math.max(1, deadline - clock.now()), LONGEST_MS);
    try {
      // Declined or put away, it stays for whoever answers it elsewhere.
      const accepted = Accepted.safeParse(await ask(form, controller.signal, timeoutMs));
      if (!accepted.success) return;
      const done = await relay.answer({ jobId, askId, answer: accepted.data.content.answer, origin: 'mcp' });
      if (!done.ok) log.write('info', 'an answer by MCP was not taken', { jobId, error: done.error.message });
    } catch (thrown) {
      if (!controller.signal.aborted)
        log.write('info', 'a client did not put a question', { jobId, error: messageOf(thrown) });
    }
  }
}
