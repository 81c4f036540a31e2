import type { Clock } from '../base/clock.ts';
import { disposable, type Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
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
  isUnderWay: boolean;
}

/** The executors that a job can name. Others than the built-in ones come and go with the extensions that bring them. */
export class ExecutorRegistry {
  readonly #clock: Clock;
  /** By name; of several with one name the last counts. */
  readonly #executors = new Map<string, readonly Executor[]>();
  readonly #probed = new Map<Executor, Probed>();
  readonly #changed = new Emitter<string>((thrown) => {
    throw thrown;
  });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the place of an executor with the same name; dispose to take this one out again. */
  register(executor: Executor): Disposable {
    const guarded = guard(executor);
    const { name } = executor;
    this.#executors.set(name, [...(this.#executors.get(name) ?? []), guarded]);
    this.#changed.emit(name);
    return disposable(() => {
      const left = (this.#executors.get(name) ?? []).filter((one) => one !== guarded);
      if (left.length === 0) this.#executors.delete(name);
      else this.#executors.set(name, left);
      this.#changed.emit(name);
    });
  }

  /** Hears the name of an executor that came or went. */
  onChanged(listener: (name: string) => void): Disposable {
    return this.#changed.on(listener);
  }

  get(name: string): Result<Executor, UnknownExecutor> {
    const executor = this.#executors.get(name)?.at(-1);
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

  /**
   * All of them, with whether they can run now; what was found less than a minute ago is believed, unless `anew`. A
   * probe that is under way is joined in either case.
   */
  async found(anew = false): Promise<readonly Found[]> {
    const all = [...this.#executors.values()]
      .flatMap((same) => same.at(-1) ?? [])
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return Promise.all(all.map(async (executor) => ({ executor, readiness: await this.readiness(executor, anew) })));
  }

  readiness(executor: Executor, anew = false): Promise<Readiness> {
    const known = this.#probed.get(executor);
    const now = this.#clock.monotonic();
    if (known !== undefined && (known.isUnderWay || (!anew && now - known.at < FRESH_MS))) return known.readiness;
    const readiness = this.#probe(executor).finally(() => (probed.isUnderWay = false));
    const probed: Probed = { at: now, readiness, isUnderWay: true };
    this.#probed.set(executor, probed);
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
