import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { newToken } from '../http/guard.ts';
import { listen } from '../http/listener.ts';
import { createMcpRoutes, MCP_PATH } from '../mcp/routes.ts';
import { combinedRelay, type NamedRelay } from './combinedRelay.ts';

/** A window's own MCP endpoint. */
export interface WindowDoor {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** Opens one MCP endpoint over the relays of several repositories, hosted here or elsewhere. */
export async function openWindowDoor(options: {
  readonly repositories: () => readonly NamedRelay[];
  readonly version: string;
  readonly log: Log;
}): Promise<WindowDoor> {
  const { repositories, version, log } = options;
  const relay = combinedRelay(repositories);
  const token = newToken();
  const workspaces = (): readonly NamedRelay[] => repositories();
  const mcp = createMcpRoutes({ relay, workspaces, version, clock: systemClock, log });
  const listener = await listen({ areas: [{ token, routes: mcp.routes }], log, clock: systemClock });
  if (!listener.ok) {
    mcp.dispose();
    throw new Error(listener.error.message);
  }
  return {
    url: `${listener.value.url}${MCP_PATH}`,
    token,
    close: async () => {
      mcp.dispose();
      await listener.value.close();
    },
  };
}
