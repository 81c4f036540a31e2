import * as vscode from 'vscode';
import { startServers } from './startServers.ts';
import { until } from './until.ts';

/** Lets VS Code start the relay's MCP server, submits by `vscode.lm`, and looks until the job has ended. */
export async function run({ spec }: { readonly spec: unknown }): Promise<unknown> {
  await startServers('task-relay.task-relay', 'mcp_task-relay_jobs_submit');
  await vscode.commands.executeCommand('setContext', 'vscode.chat.tools.global.autoApprove.testMode', true);
  const submitted = await call('mcp_task-relay_jobs_submit', { spec });
  const ended = await until('the end of the job', async () => {
    const job = await call('mcp_task-relay_jobs_get', { jobId: submitted['jobId'] });
    return job['state'] === 'SUCCEEDED' || job['state'] === 'FAILED' ? job : undefined;
  });
  return { tools: vscode.lm.tools.map(({ name }) => name), submitted, ended };
}

async function call(tool: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const result = await vscode.lm.invokeTool(tool, { input, toolInvocationToken: undefined });
  const text = result.content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
