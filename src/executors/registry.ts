import type { Clock } from '../base/clock.ts';
import { disposable, type Disposable } from '../base/disposable.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { Executor, Readiness } from '../domain/executor.ts';
import { AUTO } from '../domain/jobSpec.ts';

export interface UnknownExecutor {
  readonly kind: 'unknown';
  readonly message: string;
}

/** An executor as it was found. */
export interface Found {
  readonly executor: Executor;
  readonly readiness: Readiness;
}

/** How long a readiness is believed, and how long a probe may take. */
const FRESH_MS = 60_000;
const PROBE_MS = 10_000;

interface Probed {
  readonly at: number;
  readonly readiness: Promise<Readiness>;
}

/** The executors that a job can name. Others than the built-in ones come and go with the extensions that bring them. */
export class ExecutorRegistry {
  readonly #clock: Clock;
  readonly #executors = new Map<string, Executor>();
  readonly #probed = new Map<Executor, Probed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the place of an executor with the same name; dispose to take this one out again. */
  register(executor: Executor): Disposable {
    const guarded = guard(executor);
    const before = this.#executors.get(executor.name);
    this.#executors.set(executor.name, guarded);
    return disposable(() => {
      if (this.#executors.get(executor.name) !== guarded) return;
      if (before === undefined) this.#executors.delete(executor.name);
      else this.#executors.set(executor.name, before);
    });
  }

  get(name: string): Result<Executor, UnknownExecutor> {
    const executor = this.#executors.get(name);
    if (executor !== undefined) return ok(executor);
    const known = this.names();
    const remedy =
      known.length === 0
        ? 'None is registered.'
        : `Set execution.executor to one of these: ${[...known, AUTO].join(', ')}.`;
    return err({ kind: 'unknown', message: `There is no executor named "${name}". ${remedy}` });
  }

  /** In the order of the alphabet. */
  names(): readonly string[] {
    return [...this.#executors.keys()].sort();
  }

  /** All of them, with whether they can run now; what was found less than a minute ago is believed, unless `anew`. */
  async found(anew = false): Promise<readonly Found[]> {
    const all = [...this.#executors.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return Promise.all(all.map(async (executor) => ({ executor, readiness: await this.readiness(executor, anew) })));
  }

  readiness(executor: Executor, anew = false): Promise<Readiness> {
    const known = this.#probed.get(executor);
    const now = this.#clock.monotonic();
    if (!anew && known !== undefined && now - known.at < FRESH_MS) return known.readiness;
    const readiness = this.#probe(executor);
    this.#probed.set(executor, { at: now, readiness });
    return readiness;
  }

  async #probe(executor: Executor): Promise<Readiness> {
    const limit = new AbortController();
    const timer = this.#clock.after(PROBE_MS, () => limit.abort());
    const late = new Promise<Readiness>((resolve) => {
      const message = `"${executor.name}" did not say within ${String(PROBE_MS / 1000)} s whether it can run. Try it by hand.`;
      limit.signal.addEventListener('abort', () => resolve({ state: 'broken', message }));
    });
    const told = executor.probe?.(limit.signal) ?? Promise.resolve({ state: 'ready' } as const);
    return Promise.race([told, late]).finally(() => timer.dispose());
  }
}

/** The door for exceptions of an attempt: an executor may be anybody's code. */
function guard(executor: Executor): Executor {
  const broke = (thrown: unknown): string =>
    `The executor "${executor.name}" broke: ${messageOf(thrown)}. Report this to whoever provides it.`;
  return {
    name: executor.name,
    abilities: executor.abilities,
    ...(executor.probe === undefined
      ? {}
      : {
          async probe(signal) {
            try {
              return (await executor.probe?.(signal)) ?? { state: 'ready' };
            } catch (thrown) {
              return { state: 'broken', message: broke(thrown) };
            }
          },
        }),
    async run(request, context) {
      try {
        return await executor.run(request, context);
      } catch (thrown) {
        return err({ kind: 'failed', message: broke(thrown) });
      }
    },
  };
}
