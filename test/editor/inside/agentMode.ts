import * as vscode from 'vscode';
import { until } from './until.ts';

export interface Asked {
  readonly query: string;
  readonly selector: { readonly vendor: string; readonly id: string };
}

/** Asks Copilot in agent mode, with a model of the user's own; resolves when it has answered. The chat starts the MCP servers. */
export async function run({ query, selector }: Asked): Promise<unknown> {
  await vscode.commands.executeCommand('workbench.extensions.action.enableAll');
  const copilot = await until('Copilot', () => vscode.extensions.getExtension('GitHub.copilot-chat'));
  await copilot.activate();
  await until('the model', async () => (await vscode.lm.selectChatModels({ vendor: selector.vendor })).at(0));
  await vscode.commands.executeCommand('setContext', 'vscode.chat.tools.global.autoApprove.testMode', true);
  return vscode.commands.executeCommand('workbench.action.chat.open', {
    query,
    mode: 'agent',
    modelSelector: selector,
    blockOnResponse: true,
  });
}
