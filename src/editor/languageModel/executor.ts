import type * as vscode from 'vscode';
import type { Clock } from '../../base/clock.ts';
import type { Executor } from '../../domain/executor.ts';
import { runUntilStopped } from '../../executors/stopped.ts';
import type * as run from './run.ts';

/** What is loaded when a model is first asked for. */
type Models = Pick<typeof run, 'readiness' | 'runByModel'>;

/**
 * The editor's own models as an executor: it is in windows alone. A model is another extension's code, which may hear of no
 * cancel: a run ends without it.
 */
export function languageModelExecutor(
  access: vscode.LanguageModelAccessInformation,
  clock: Clock,
  load: () => Promise<Models> = () => import('./run.ts'),
): Executor {
  return {
    name: 'languageModel',
    abilities: { sandboxes: [], budgets: ['tokens'] },
    probe: async () => (await load()).readiness(access),
    run: (request, context) =>
      runUntilStopped(async (heard) => (await load()).runByModel(request, heard, access), context, clock),
  };
}
