import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Route } from '../http/route.ts';
import type { ServerOptions } from './server.ts';
import { Sessions } from './sessions.ts';

export const MCP_PATH = '/mcp';

const MOST_SESSIONS = 64;
const IDLE_MS = 30 * 60 * 1000;

export interface McpOptions extends ServerOptions {
  readonly clock: Clock;
  readonly mostSessions?: number;
  /** How long a session may stand without a request and without an open stream, in ms. */
  readonly idleMs?: number;
}

export interface McpRoutes extends Disposable {
  readonly routes: readonly Route[];
  /** How many clients are connected: a host that is idle may end. */
  sessions(): number;
}

/** The MCP endpoint (Streamable HTTP, stateful) over the relay. `dispose` ends all sessions. */
export function createMcpRoutes(options: McpOptions): McpRoutes {
  const sessions = new Sessions({
    ...options,
    most: options.mostSessions ?? MOST_SESSIONS,
    idleMs: options.idleMs ?? IDLE_MS,
  });
  const subscription = options.relay.onChange((change) => sessions.note(change));
  return {
    routes: [
      {
        methods: ['POST', 'GET', 'DELETE'],
        path: MCP_PATH,
        handle: (request, response, body) => sessions.handle(request, response, body),
      },
    ],
    sessions: () => sessions.size,
    dispose() {
      subscription.dispose();
      sessions.end();
    },
  };
}
