import type { PluginExecutor } from './pluginApi.ts';

const NAME = /^[a-z][a-zA-Z0-9-]{0,39}$/;

/** The relay's own, and those that its settings know: nobody else may stand in for them. */
const TAKEN: readonly string[] = [
  'auto',
  'acp',
  'claude',
  'claude-acp',
  'codex',
  'codex-acp',
  'command',
  'copilot',
  'gemini',
  'languageModel',
  'opencode',
  'qwen',
  'replay',
];

/** Whether something has the shape of a plug-in's executor; the answer to a wrong one names what is wrong. */
export function wrongPlugin(candidate: unknown): string | undefined {
  if (typeof candidate !== 'object' || candidate === null) return 'An executor is an object with a name and a run.';
  const { name, run, probe, budgets } = candidate as Partial<Record<keyof PluginExecutor, unknown>>;
  if (typeof name !== 'string' || !NAME.test(name))
    return 'The name of an executor has at most 40 of a-z, A-Z, 0-9 and "-", and begins with a small letter.';
  if (TAKEN.includes(name)) return `The name "${name}" is the relay's own: give the executor another one.`;
  if (typeof run !== 'function') return `The executor "${name}" has no function "run".`;
  if (probe !== undefined && typeof probe !== 'function') return `"probe" of the executor "${name}" is no function.`;
  const areBudgets = Array.isArray(budgets) && budgets.every((figure) => figure === 'usd' || figure === 'tokens');
  if (budgets !== undefined && !areBudgets)
    return `"budgets" of the executor "${name}" is no list of "usd" and "tokens".`;
  return undefined;
}

export function isPlugin(candidate: unknown): candidate is PluginExecutor {
  return wrongPlugin(candidate) === undefined;
}
