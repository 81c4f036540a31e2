import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/result.ts';
import { failure } from '../domain/failure.ts';
import type { RunningJob } from '../domain/job.ts';
import { removeTree } from '../git/removeTree.ts';
import { Attempt } from './attempt.ts';
import { AttemptLog } from './attemptLog.ts';
import type { AttemptOptions } from './attemptOptions.ts';
import { RawStream } from './rawStream.ts';
import type { AskUser, AttemptEnd, Runner } from './runner.ts';

/** Runs attempts on this machine: mirror → slot → setup → executor → capture → checks → vault. */
export class LocalRunner implements Runner {
  readonly #options: AttemptOptions;
  readonly #returning = new Set<Promise<unknown>>();

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  async run(job: RunningJob, signal: AbortSignal, ask: AskUser): Promise<AttemptEnd> {
    const { clock, logs, onLog, sources, log: relayLog } = this.#options;
    const name = `${job.id}-${String(job.attempt)}`;
    const temporary = join(sources.temporary, name);
    const own = `${temporary}.own`;
    let log: AttemptLog | undefined;
    let raw: RawStream | undefined;
    let attempt: Attempt | undefined;
    try {
      // One after the other: where the disk refuses one of them, nothing of the other is left open or on its way.
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      await mkdir(own, { recursive: true, mode: 0o700 });
      const kept = await AttemptLog.create(join(logs, `${name}.txt`), clock, (bytes) => onLog(job, bytes));
      log = kept;
      raw = new RawStream(join(logs, `${name}.stream`), clock, (text) => kept.write({ stream: 'relay', text }));
      const around = { signal, ask, log, raw, folders: { temporary, own } };
      attempt = new Attempt(this.#options, job, around, (promise) => this.#return(promise));
      return await attempt.run();
    } catch (thrown) {
      // One of the three doors for exceptions: a bug of the relay's ends this attempt and nothing else.
      relayLog.write('error', 'an attempt threw', { jobId: job.id, error: messageOf(thrown) });
      const why = failure(
        'INTERNAL_ERROR',
        `The relay failed at this job: ${messageOf(thrown)}. Its log has more; retry the job.`,
      );
      // It may be sealing that threw.
      const sealed = await attempt?.fail(why).catch(() => undefined);
      if (sealed !== undefined) return sealed;
      await Promise.allSettled([log?.close(), raw?.close()]);
      return { kind: 'failed', failure: why, outcome: { checks: [], artifacts: [], files: [], fileCount: 0 } };
    } finally {
      this.#return(removeTree(temporary));
      this.#return(removeTree(own));
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
