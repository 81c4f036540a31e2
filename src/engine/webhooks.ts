import { createHmac } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Log } from '../base/log.ts';
import type { Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import { owesNotice, type EndedJob } from '../domain/job.ts';
import type { JobView } from '../protocol/jobView.ts';
import type { RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';
import { postWebhook } from './webhookPost.ts';

export interface WebhooksOptions {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly log: Log;
  /** What is sent: the object that the tool `jobs_get` gives. */
  readonly view: (jobId: JobId) => Promise<Result<JobView, RelayError>>;
  /** What signs it; asked for each request, and never told to anybody. */
  readonly secret: () => Promise<string | undefined>;
}

/** The pause after each try but the last, in ms. */
const PAUSES_MS = [2000, 8000] as const;
const MOST_AT_ONCE = 4;

/**
 * Tells webhooks of the end of jobs, beside everything else: no job and no shutdown waits for it. What a host has not come
 * to is the next one's, because a job owes its notice until the event `notified`; the receiver may hear of one end twice,
 * and knows it by its delivery's id.
 */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #waiting: JobId[] = [];
  readonly #telling = new Set<JobId>();
  readonly #over = new AbortController();
  #listening: Disposable | undefined;

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  /** How many ends are still to be told. */
  get pending(): number {
    return this.#waiting.length + this.#telling.size;
  }

  start(): void {
    const { store } = this.#options;
    this.#listening = store.onAppended(({ job }) => {
      if (owesNotice(job)) this.#add(job.id);
    });
    for (const jobId of store.owing()) this.#add(jobId);
  }

  /** Lets go at once, of sockets too: nobody waits for a receiver. */
  stop(): void {
    this.#listening?.dispose();
    this.#waiting.length = 0;
    this.#over.abort();
  }

  #add(jobId: JobId): void {
    if (this.#over.signal.aborted || this.#telling.has(jobId) || this.#waiting.includes(jobId)) return;
    this.#waiting.push(jobId);
    this.#next();
  }

  #next(): void {
    while (this.#telling.size < MOST_AT_ONCE) {
      const jobId = this.#waiting.shift();
      if (jobId === undefined) return;
      this.#telling.add(jobId);
      void this.#tell(jobId).then((isAnotherEnd) => {
        this.#telling.delete(jobId);
        if (isAnotherEnd) this.#add(jobId);
        this.#next();
      });
    }
  }

  /** True where the job has ended once more meanwhile, after a lift. */
  async #tell(jobId: JobId): Promise<boolean> {
    const { clock } = this.#options;
    const first = await this.#owing(jobId);
    for (let tries = 1; first !== undefined; tries += 1) {
      const status = await this.#post(first);
      if (this.#isOver()) return false;
      const isTaken = status !== undefined && status >= 200 && status < 300;
      const pause = PAUSES_MS[tries - 1];
      const now = await this.#owing(jobId);
      if (now === undefined || now.finishedAt !== first.finishedAt) return now !== undefined;
      if (isTaken || pause === undefined) {
        await this.#note(now, isTaken, tries, status);
        return false;
      }
      await paused(clock, pause, this.#over.signal);
      if (this.#isOver()) return false;
    }
    return false;
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  async #owing(jobId: JobId): Promise<EndedJob | undefined> {
    const job = await this.#options.store.get(jobId);
    return job.ok && owesNotice(job.value) ? job.value : undefined;
  }

  async #post(job: EndedJob): Promise<number | undefined> {
    const { clock, view, secret } = this.#options;
    const told = await view(job.id);
    if (!told.ok || this.#over.signal.aborted) return undefined;
    const body = Buffer.from(JSON.stringify(told.value));
    const timestamp = String(Math.floor(clock.now() / 1000));
    const key = await secret();
    const headers = {
      'user-agent': 'task-relay',
      'x-relay-delivery': `${job.id}-${String(job.finishedAt)}`,
      'x-relay-timestamp': timestamp,
      ...(key === undefined ? {} : { 'x-relay-signature': signatureOf(key, timestamp, body) }),
    };
    const url = new URL(job.spec.notify?.webhook ?? '');
    return postWebhook({ url, headers, body, clock, signal: this.#over.signal });
  }

  async #note(job: EndedJob, ok: boolean, tries: number, status: number | undefined): Promise<void> {
    const { store, clock, log } = this.#options;
    const last = status === undefined ? {} : { status };
    if (!ok) log.write('warn', "a job's webhook was not reached", { jobId: job.id, tries, ...last });
    const done = await store.append(job.id, { type: 'notified', ok, tries, ...last }, clock.now());
    if (!done.ok && !this.#over.signal.aborted)
      log.write('error', 'a notice could not be noted', { jobId: job.id, error: done.error.message });
  }
}

/** HMAC-SHA256 (RFC 2104) of `<timestamp>.<body>`, in hex. */
function signatureOf(secret: string, timestamp: string, body: Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;
}

function paused(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.dispose();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(ms, end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
