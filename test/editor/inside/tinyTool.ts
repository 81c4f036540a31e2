import * as vscode from 'vscode';
import { startServers } from './startServers.ts';

/** Lets VS Code start the MCP server of the extension, and calls its tool as an extension may. */
export async function run({ text }: { readonly text: string }): Promise<unknown> {
  await startServers('tiny.tiny-extension', 'mcp_tiny_echo');
  await vscode.commands.executeCommand('setContext', 'vscode.chat.tools.global.autoApprove.testMode', true);
  const options = { input: { text }, toolInvocationToken: undefined };
  const result = await vscode.lm.invokeTool('mcp_tiny_echo', options);
  const parts = result.content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''));
  return { tools: vscode.lm.tools.map(({ name }) => name), said: parts.join('') };
}
