import * as vscode from 'vscode';
import { until } from './until.ts';

/**
 * Lets VS Code start the MCP servers of an extension, until one gives this tool. The extension is activated first:
 * otherwise only a chat makes VS Code ask it for its servers. A server is known some time after that.
 */
export async function startServers(extension: string, tool: string): Promise<void> {
  await vscode.extensions.getExtension(extension)?.activate();
  await until(`the tool ${tool}`, async () => {
    await vscode.commands.executeCommand('workbench.mcp.startServer', '*', { waitForLiveTools: true });
    return vscode.lm.tools.find(({ name }) => name === tool);
  });
}
