import { disposable, type Disposable } from '../base/disposable.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { Executor } from '../domain/executor.ts';

export interface UnknownExecutor {
  readonly kind: 'unknown';
  readonly message: string;
}

/** The executors that a job can name. Others than the built-in ones come and go with the extensions that bring them. */
export class ExecutorRegistry {
  readonly #executors = new Map<string, Executor>();

  /** Takes the place of an executor with the same name; dispose to take this one out again. */
  register(executor: Executor): Disposable {
    const guarded = guard(executor);
    this.#executors.set(executor.name, guarded);
    return disposable(() => {
      if (this.#executors.get(executor.name) === guarded) this.#executors.delete(executor.name);
    });
  }

  get(name: string): Result<Executor, UnknownExecutor> {
    const executor = this.#executors.get(name);
    if (executor !== undefined) return ok(executor);
    const known = this.names();
    const remedy =
      known.length === 0 ? 'None is registered.' : `Set execution.executor to one of these: ${known.join(', ')}.`;
    return err({ kind: 'unknown', message: `There is no executor named "${name}". ${remedy}` });
  }

  /** In the order of the alphabet. */
  names(): readonly string[] {
    return [...this.#executors.keys()].sort();
  }
}

/** The door for exceptions of an attempt: an executor may be anybody's code. */
function guard(executor: Executor): Executor {
  return {
    name: executor.name,
    async run(request, context) {
      try {
        return await executor.run(request, context);
      } catch (thrown) {
        const message = `The executor "${executor.name}" broke: ${messageOf(thrown)}. Report this to whoever provides it.`;
        return err({ kind: 'failed', message });
      }
    },
  };
}
