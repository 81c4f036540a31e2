import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { readHostFile } from '../../src/guest/hostFile.ts';
import { Submitted } from '../../src/protocol/jobView.ts';

/** Submits by MCP over HTTP, as any agent would, to the window that hosts this repository. */
export async function submitAsAgent(folder: string, spec: unknown): Promise<Submitted> {
  const host = await readHostFile(join(folder, '.git', 'task-relay'));
  if (host === undefined) throw new Error('no window hosts this repository');
  const client = new Client({ name: 'an-agent', version: '1' });
  const headers = { Authorization: `Bearer ${host.token}` };
  const transport = new StreamableHTTPClientTransport(new URL(`${host.url}/mcp`), { requestInit: { headers } });
  await client.connect(transport);
  const result = await client.callTool({ name: 'jobs_submit', arguments: { spec } });
  await client.close();
  return Submitted.parse(result.structuredContent);
}
