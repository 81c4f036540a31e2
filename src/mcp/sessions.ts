import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from '../base/clock.ts';
import type { RelayChange } from '../protocol/change.ts';
import type { ServerOptions } from './server.ts';
import { Session, SESSION_NOT_FOUND } from './session.ts';
import { sendRpcError } from './web.ts';

const PARSE_ERROR = -32700;
/** What the SDK's transport answers where JSON-RPC has no code of its own. */
const REFUSED = -32000;

export interface SessionsOptions extends ServerOptions {
  readonly clock: Clock;
  readonly most: number;
  readonly idleMs: number;
}

/** All sessions of the MCP endpoint, by their id. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #live = new Map<string, Session>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#live.size;
  }

  async handle(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const message = request.method === 'POST' ? parseJson(body) : undefined;
    if (request.method === 'POST' && message === undefined) {
      sendRpcError(response, 400, PARSE_ERROR, 'the body is not JSON');
      return;
    }
    const id = request.headers['mcp-session-id'];
    if (id === undefined) {
      await this.#begin(request, response, message);
      return;
    }
    const session = typeof id === 'string' ? this.#live.get(id) : undefined;
    if (session === undefined)
      sendRpcError(response, 404, SESSION_NOT_FOUND, 'there is no such session: initialize a new one');
    else await session.handle(request, response, message);
  }

  note(change: RelayChange): void {
    for (const session of this.#live.values()) session.note(change);
  }

  end(): void {
    for (const session of [...this.#live.values()]) session.end();
  }

  async #begin(request: IncomingMessage, response: ServerResponse, message: unknown): Promise<void> {
    if (!isInitializeRequest(message)) {
      sendRpcError(response, 400, REFUSED, 'the Mcp-Session-Id header is missing: initialize first, then send it');
      return;
    }
    if (!this.#hasRoom()) {
      response.setHeader('retry-after', '60');
      sendRpcError(response, 503, REFUSED, `${this.#options.most} clients are connected, which is the most: end one`);
      return;
    }
    const id = randomUUID();
    const session = new Session({ ...this.#options, id, onEnded: () => this.#live.delete(id) });
    this.#live.set(id, session);
    await session.initialize(request, response, message);
  }

  /** Makes room, where it must, by ending the session that has been idle longest: clients often leave without a word. */
  #hasRoom(): boolean {
    if (this.#live.size < this.#options.most) return true;
    const idle = [...this.#live.values()].flatMap((session) =>
      session.idleSince === undefined ? [] : [{ session, since: session.idleSince }],
    );
    const longest = idle.sort((a, b) => a.since - b.since)[0];
    longest?.session.end();
    return longest !== undefined;
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
