import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

const Answer = z.object({
  isError: z.boolean().default(false),
  structuredContent: z.unknown().optional(),
  content: z.array(z.object({ text: z.string() })),
});

export interface Told {
  readonly isError: boolean;
  readonly text: string;
  readonly value: unknown;
}

/** A real MCP client of a host; it leaves when the test is over. */
export async function mcpClient(host: {
  readonly url: string;
  readonly token: string;
}): Promise<(tool: string, input: Record<string, unknown>) => Promise<Told>> {
  const client = new Client({ name: 'test', version: '0' });
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', host.url), {
    requestInit: { headers: { authorization: `Bearer ${host.token}` } },
  });
  await client.connect(asTransport(transport));
  onTestFinished(() => client.close());
  return async (tool, input) => {
    const answer = Answer.parse(await client.callTool({ name: tool, arguments: input }));
    return { isError: answer.isError, text: answer.content[0]?.text ?? '', value: answer.structuredContent };
  };
}

/** The SDK's own classes miss its interface by exactOptionalPropertyTypes alone. */
function asTransport(transport: StreamableHTTPClientTransport): Parameters<Client['connect']>[0] {
  return transport;
}
