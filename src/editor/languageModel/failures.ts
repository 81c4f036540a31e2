import * as vscode from 'vscode';
import { messageOf } from '../../base/result.ts';
import type { ExecutorError } from '../../domain/executor.ts';
import { shortageIn } from '../../executors/shortage.ts';

/** What an exception of a model means for its job. */
export function failureOf(thrown: unknown, name: string): ExecutorError {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  const message = [messageOf(thrown), ...(cause === undefined ? [] : [messageOf(cause)])].join(': ');
  const code = thrown instanceof vscode.LanguageModelError ? thrown.code : '';
  // Providers have no code of VS Code's for it.
  const shortage = shortageIn(`${code} ${message}`);
  if (shortage === 'rate')
    return { kind: 'limited', message: `The language model "${name}" takes no more for now: ${message}` };
  if (shortage === 'unpaid')
    return {
      kind: 'unavailable',
      message: `The provider of the language model "${name}" wants to be paid first: ${message} Add credit there, and retry the job.`,
    };
  if (code === vscode.LanguageModelError.NoPermissions.name)
    return {
      kind: 'unavailable',
      message: `The language model "${name}" may not be used: allow it when VS Code asks, or in "Manage Language Model Access".`,
    };
  if (code === vscode.LanguageModelError.NotFound.name)
    return { kind: 'unavailable', message: `The language model "${name}" is gone: name another in preferredModel.` };
  if (code === vscode.LanguageModelError.Blocked.name)
    return { kind: 'unavailable', message: `The language model "${name}" refuses this: ${message}` };
  return { kind: 'failed', message: `The language model "${name}" failed: ${message}` };
}
