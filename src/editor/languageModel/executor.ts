import type * as vscode from 'vscode';
import type { Executor } from '../../domain/executor.ts';

/** The editor's own models as an executor: it is in windows alone, and loaded when it is first asked for. */
export function languageModelExecutor(access: vscode.LanguageModelAccessInformation): Executor {
  return {
    name: 'languageModel',
    abilities: { sandboxes: [], budgets: ['tokens'] },
    probe: async () => (await import('./run.ts')).readiness(access),
    run: async (request, context) => (await import('./run.ts')).runByModel(request, context, access),
  };
}
