import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { newToken } from '../../src/http/guard.ts';
import { listen, type Listener } from '../../src/http/listener.ts';
import { createMcpRoutes, type McpOptions, type McpRoutes } from '../../src/mcp/routes.ts';
import { MemoryRelay } from '../fixtures/memoryRelay.ts';

export const token = newToken();

/** The MCP endpoint on a real listener. */
export interface Endpoint {
  readonly relay: MemoryRelay;
  readonly mcp: McpRoutes;
  readonly listener: Listener;
  connect(client?: Client): Promise<Connection>;
  close(): Promise<void>;
}

/** A real client with its own session. */
export interface Connection {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  /** The URIs that were pushed, in order. */
  readonly updates: readonly string[];
  /** Resolves when `count` updates have been pushed in all. */
  pushed(count: number): Promise<readonly string[]>;
}

export async function openEndpoint(
  options: Partial<McpOptions> & { relay?: MemoryRelay; clock?: Clock } = {},
): Promise<Endpoint> {
  const { relay = new MemoryRelay(), clock = systemClock, ...rest } = options;
  const mcp = createMcpRoutes({
    relay,
    workspaces: () => [{ name: 'repo', workspace: '/repo' }],
    version: '1.2.3',
    clock,
    log: silentLog,
    ...rest,
  });
  const opened = await listen({ areas: [{ token, routes: mcp.routes }], clock, log: silentLog });
  if (!opened.ok) throw new Error(opened.error.message);
  const listener = opened.value;
  const clients: Client[] = [];
  return {
    relay,
    mcp,
    listener,
    async connect(client) {
      const connection = await connectTo(listener.url, client);
      clients.push(connection.client);
      return connection;
    },
    async close() {
      for (const client of clients) await client.close();
      mcp.dispose();
      await listener.close();
    },
  };
}

async function connectTo(url: string, client = new Client({ name: 'test', version: '0' })): Promise<Connection> {
  const updates: string[] = [];
  const waiting: { count: number; resolve: (all: readonly string[]) => void }[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updates.push(params.uri);
    for (const { count, resolve } of waiting) if (updates.length >= count) resolve(updates);
  });
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  await client.connect(asTransport(transport));
  const pushed = (count: number): Promise<readonly string[]> =>
    new Promise((resolve) => {
      if (updates.length >= count) resolve(updates);
      else waiting.push({ count, resolve });
    });
  return { client, transport, updates, pushed };
}

/** The SDK's own classes miss its interface by exactOptionalPropertyTypes alone. */
function asTransport(transport: StreamableHTTPClientTransport): Parameters<Client['connect']>[0] {
  return transport;
}

const ToolAnswer = z.object({
  isError: z.boolean().optional(),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })).length(1),
});

export interface Answered {
  readonly isError: boolean;
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Calls a tool by a real client, which also holds the answer against the tool's outputSchema. */
export async function callTool(client: Client, name: string, input: Record<string, unknown>): Promise<Answered> {
  const answer = ToolAnswer.parse(await client.callTool({ name, arguments: input }));
  const text = answer.content[0]?.text ?? '';
  return { isError: answer.isError ?? false, text, value: answer.structuredContent ?? {} };
}

export function jobIdOf(answer: Answered): JobId {
  return z.string().parse(answer.value['jobId']) as JobId;
}
