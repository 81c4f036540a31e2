import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { run as ask, type Asked } from './agentMode.ts';
import { until } from './until.ts';

/**
 * Asks Copilot in agent mode, as agentMode.ts does, and approves what VS Code asks about on the way: the answer of a tool
 * that says of itself that it reaches the open world. Resolves when the model has said its last word, which makes a file.
 */
export async function run({ lastWord, ...asked }: Asked & { readonly lastWord: string }): Promise<unknown> {
  await ask(asked);
  return until('the last word of the model', async () => {
    await vscode.commands.executeCommand('workbench.action.chat.acceptTool');
    return existsSync(lastWord) ? 'said' : undefined;
  });
}
