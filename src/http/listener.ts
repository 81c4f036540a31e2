import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { codeOf, err, messageOf, ok, type Result } from '../base/result.ts';
import { readBody } from './body.ts';
import { guard, type Area, type Verdict, type RequestHead } from './guard.ts';
import { refuse } from './refuse.ts';

/** The bytes that a request's body may have. */
export const LARGEST_BODY = 4 * 1024 * 1024;

const ADDRESS = '127.0.0.1';
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Long, so that a guest's idle connection is there for its next call. */
const KEEP_ALIVE_MS = 65_000;
const MOST_CONNECTIONS = 1024;

export interface ListenOptions {
  /** 0 or nothing: any free port. */
  readonly port?: number;
  readonly areas: readonly Area[];
  readonly log: Log;
  readonly clock: Clock;
  /** How long `close` lets running answers end, in ms. */
  readonly graceMs?: number;
}

export interface Listener {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** Takes no more, ends the event streams, gives running answers the grace, then cuts what is left. */
  close(): Promise<void>;
}

export interface ListenError {
  readonly kind: 'listen';
  readonly message: string;
}

/** Opens the one door to other processes: loopback only, and behind the guard. */
export async function listen(options: ListenOptions): Promise<Result<Listener, ListenError>> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_MS });
  server.headersTimeout = HEADERS_MS;
  server.maxConnections = MOST_CONNECTIONS;
  const bound = await bind(server, options.port ?? 0);
  if (!bound.ok) return bound;
  server.on('error', (error) => options.log.write('error', 'the listener failed', { error: error.message }));
  const door = new Door(server, bound.value, options);
  server.on('request', (request, response) => void door.take(request, response));
  return ok({ port: bound.value, url: `http://${ADDRESS}:${bound.value}`, close: () => door.close() });
}

class Door {
  readonly #server: Server;
  readonly #options: ListenOptions;
  readonly #admit: (head: RequestHead) => Verdict;
  readonly #open = new Set<ServerResponse>();
  #closed: Promise<void> | undefined;

  constructor(server: Server, port: number, options: ListenOptions) {
    this.#server = server;
    this.#options = options;
    this.#admit = guard({ port, areas: options.areas });
  }

  /** One of the doors where an exception is caught: a request. */
  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#track(response);
    try {
      await this.#answer(request, response);
    } catch (thrown) {
      this.#options.log.write('error', 'a request failed', { target: request.url, error: messageOf(thrown) });
      if (response.headersSent) response.destroy();
      else
        this.#refuse(request, response, 500, "the relay failed at this request: see the relay's log, then try again");
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verdict = this.#admit({
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.headers,
    });
    if (verdict.kind === 'refused') {
      refuse(request, response, verdict.refusal, this.#options.clock);
      return;
    }
    if (this.#closed !== undefined) {
      this.#refuse(request, response, 503, 'the relay is closing: start it again, then retry');
      return;
    }
    const body = await readBody(request, LARGEST_BODY);
    if (body.ok) await verdict.route.handle(request, response, body.value);
    else if (body.error.kind === 'tooLarge')
      this.#refuse(request, response, 413, `the body is over ${LARGEST_BODY} bytes: send less`);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
    refuse(request, response, { status, message }, this.#options.clock);
  }

  #track(response: ServerResponse): void {
    this.#open.add(response);
    response.on('error', (error) => this.#options.log.write('debug', 'a response broke', { error: error.message }));
    response.on('close', () => {
      this.#open.delete(response);
      if (this.#closed !== undefined && this.#open.size === 0) this.#server.closeAllConnections();
    });
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const grace = this.#options.clock.after(this.#options.graceMs ?? 1000, () => this.#server.closeAllConnections());
      this.#server.close(() => {
        grace.dispose();
        resolve();
      });
      for (const response of this.#open) if (isEventStream(response)) response.end();
      if (this.#open.size === 0) this.#server.closeAllConnections();
    });
  }
}

function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type')).startsWith('text/event-stream');
}

function bind(server: Server, port: number): Promise<Result<number, ListenError>> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve(err({ kind: 'listen', message: explain(error, port) }));
    server.once('error', failed);
    server.listen({ port, host: ADDRESS, exclusive: true }, () => {
      server.off('error', failed);
      const address = server.address();
      if (address === null || typeof address === 'string') failed(new Error('the listener has no port'));
      else resolve(ok(address.port));
    });
  });
}

function explain(error: Error, port: number): string {
  const at = `${ADDRESS}:${port}`;
  if (codeOf(error) === 'EADDRINUSE') return `port ${port} is taken: give another port, or none for any free one`;
  if (codeOf(error) === 'EACCES') return `the system does not allow to listen on ${at}: give a port above 1023`;
  return `cannot listen on ${at}: ${error.message}`;
}
