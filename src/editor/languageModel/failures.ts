import * as vscode from 'vscode';
import { messageOf } from '../../base/result.ts';
import type { ExecutorError } from '../../domain/executor.ts';

/** How providers say that they take no more for now: they have no code of VS Code's for it. */
const LIMITED = /rate.?limit|quota|too many requests|\b429\b|ChatQuotaExceeded|ChatRateLimited/i;

/** What an exception of a model means for its job. */
export function failureOf(thrown: unknown, name: string): ExecutorError {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  const message = [messageOf(thrown), ...(cause === undefined ? [] : [messageOf(cause)])].join(': ');
  const code = thrown instanceof vscode.LanguageModelError ? thrown.code : '';
  if (LIMITED.test(`${code} ${message}`))
    return { kind: 'limited', message: `The language model "${name}" takes no more for now: ${message}` };
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
