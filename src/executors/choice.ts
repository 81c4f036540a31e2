import { err, ok, type Result } from '../base/result.ts';
import type { Abilities, Executor } from '../domain/executor.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import type { ExecutorRegistry, Found } from './registry.ts';

/** Why nothing can run a job now. `busy`: something could, and its provider takes no more for the moment. */
export interface NoChoice {
  readonly kind: 'none' | 'busy';
  readonly message: string;
}

/** The programs that are known to be agents, for a user who has set no order. */
const ORDER = ['codex', 'claude', 'gemini', 'opencode', 'qwen', 'copilot', 'languageModel'];

/** The user's order, or the one that is taken where there is none. */
export function orderOf(order: readonly string[] | undefined): readonly string[] {
  return order ?? ORDER;
}

/** The first executor of the user's order that is ready, takes work, and can do what the spec asks. */
export async function choose(
  registry: ExecutorRegistry,
  spec: JobSpec,
  { order, isHeld }: { readonly order?: readonly string[] | undefined; readonly isHeld: (name: string) => boolean },
): Promise<Result<string, NoChoice>> {
  const looked: Found[] = [];
  const waiting: string[] = [];
  // All at once: one that does not answer takes its whole time.
  const asked = orderOf(order).flatMap((name) => {
    const executor = registry.get(name);
    if (!executor.ok || lacking(executor.value, spec) !== undefined) return [];
    return [{ name, executor: executor.value, told: registry.readiness(executor.value) }];
  });
  for (const { name, executor, told } of asked) {
    const readiness = await told;
    looked.push({ executor, readiness });
    if (readiness.state !== 'ready') continue;
    if (!isHeld(name)) return ok(name);
    waiting.push(name);
  }
  if (waiting.length > 0) {
    return err({ kind: 'busy', message: `For the moment, nothing more is taken by ${waiting.join(', ')}.` });
  }
  const why = looked.map(({ executor, readiness }) => `${executor.name}: ${reasonOf(readiness)}`);
  const remedy =
    'Install and sign in to one of them ("task-relay executors" looks again), or name one in execution.executor, ' +
    'or give a command in execution.command.';
  return err({ kind: 'none', message: ['No executor is ready.', ...why, remedy].join(' ') });
}

function reasonOf(readiness: Found['readiness']): string {
  return readiness.state === 'ready' ? 'ready.' : readiness.message;
}

/** Why a spec cannot be run by the executor that it names; `undefined` where it can. */
export function wrongExecutor(registry: ExecutorRegistry, name: string, spec: JobSpec): string | undefined {
  const known = registry.get(name);
  return known.ok ? lacking(known.value, spec) : known.error.message;
}

/** What a spec asks for and an executor cannot keep, with what to do; `undefined` where it can. Pure. */
function lacking({ name, abilities }: Pick<Executor, 'name' | 'abilities'>, spec: JobSpec): string | undefined {
  const { sandbox, budget } = spec.execution ?? {};
  if (sandbox !== undefined && !abilities.sandboxes.includes(sandbox)) {
    return `The executor "${name}" has no sandbox "${sandbox}"${listed(abilities.sandboxes)}. Leave execution.sandbox out, or name another executor.`;
  }
  const missing = budgetsOf(budget).find((figure) => !abilities.budgets.includes(figure));
  if (missing === undefined) return undefined;
  return `The executor "${name}" does not tell what it uses in ${missing}, so execution.budget.${missing} could not be kept. Leave it out, or name another executor.`;
}

function budgetsOf(budget: NonNullable<JobSpec['execution']>['budget']): Abilities['budgets'] {
  return [
    ...(budget?.usd === undefined ? [] : (['usd'] as const)),
    ...(budget?.tokens === undefined ? [] : (['tokens'] as const)),
  ];
}

function listed(all: readonly string[]): string {
  return all.length === 0 ? '' : ` (it has: ${all.join(', ')})`;
}
