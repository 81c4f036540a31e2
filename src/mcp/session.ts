import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { messageOf } from '../base/result.ts';
import type { RelayChange } from '../protocol/change.ts';
import { Elicitation } from './elicitation.ts';
import { createServer, type ServerOptions } from './server.ts';
import { Watches } from './watches.ts';
import { sendRpcError, sendWeb, webRequest } from './web.ts';

export interface SessionOptions extends ServerOptions {
  readonly clock: Clock;
  readonly id: string;
  /** How long the session may stand without a request and without an open stream, in ms. */
  readonly idleMs: number;
  /** Once, when the session is over for whatever reason. */
  readonly onEnded: () => void;
}

/** The code of the SDK's transport for a session that is not there. */
export const SESSION_NOT_FOUND = -32001;

/**
 * One client's session: a server and a transport of its own, so that nothing leaks from one client to another
 * (CVE-2026-25536). Answers are JSON; notifications go by the event stream that a GET opens.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #watches = new Watches();
  readonly #elicitation: Elicitation;
  readonly #server: ReturnType<typeof createServer>;
  readonly #transport: WebStandardStreamableHTTPServerTransport;
  readonly #open = new Set<ServerResponse>();
  #stream: ServerResponse | undefined;
  #streamed = false;
  #idle: { readonly since: number; readonly timer: Disposable } | undefined;
  #started = false;
  #first: Promise<unknown> | undefined;
  #ended = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const server = createServer(options, {
      watches: this.#watches,
      onSubmitted: (jobId) => this.#elicitation.follow(jobId),
    });
    this.#server = server;
    this.#elicitation = new Elicitation({
      ...options,
      canAsk: () => this.#stream !== undefined && server.getClientCapabilities()?.elicitation?.form !== undefined,
      ask: (form, signal, timeout) => {
        // Clients of the SDK cannot take back a request whose id is 0, the first one: that is spent on a ping.
        this.#first ??= server.ping().catch(() => undefined);
        return server.elicitInput({ mode: 'form', ...form }, { signal, timeout });
      },
    });
    this.#server.onclose = () => this.#finish();
    this.#transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => options.id,
      enableJsonResponse: true,
      onsessioninitialized: () => {
        this.#started = true;
      },
    });
  }

  /** Since when nothing goes on, in ms since 1970; undefined while a request or a stream is open. */
  get idleSince(): number | undefined {
    return this.#idle?.since;
  }

  async initialize(request: IncomingMessage, response: ServerResponse, message: unknown): Promise<void> {
    await this.#server.connect(this.#transport);
    await this.handle(request, response, message);
    if (!this.#started) this.end();
  }

  /** Answers one request; `message` is its parsed body, where it has one. */
  async handle(request: IncomingMessage, response: ServerResponse, message: unknown): Promise<void> {
    if (response.destroyed) return;
    this.#track(response);
    const answer = await this.#transport.handleRequest(
      webRequest(request),
      message === undefined ? {} : { parsedBody: message },
    );
    const sent = sendWeb(answer, response);
    if (request.method === 'GET' && answer.status === 200) this.#attach(response);
    await sent;
  }

  note(change: RelayChange): void {
    this.#watches.note(change);
    this.#elicitation.note(change);
    this.#tell();
  }

  end(): void {
    void this.#server.close();
    // Without a connection the server's own close tells nobody.
    this.#finish();
  }

  #track(response: ServerResponse): void {
    this.#idle?.timer.dispose();
    this.#idle = undefined;
    this.#open.add(response);
    response.on('close', () => {
      this.#open.delete(response);
      if (this.#open.size === 0 && !this.#ended) this.#rest();
    });
  }

  #rest(): void {
    const { clock, idleMs } = this.#options;
    this.#idle = { since: clock.now(), timer: clock.after(idleMs, () => this.end()) };
  }

  #attach(response: ServerResponse): void {
    if (response.destroyed) return;
    // Whatever was on its way on an earlier stream may have been lost with it.
    if (this.#streamed) this.#watches.noteAll();
    this.#streamed = true;
    this.#stream = response;
    response.on('drain', () => this.#tell());
    response.on('close', () => {
      if (this.#stream === response) this.#stream = undefined;
    });
    this.#tell();
    this.#elicitation.again();
  }

  /** Tells what there is to tell, as long as a stream is open and its reader keeps up. */
  #tell(): void {
    while (this.#stream !== undefined && !this.#stream.writableNeedDrain && !this.#stream.writableEnded) {
      const uri = this.#watches.take();
      if (uri === undefined) return;
      this.#server.sendResourceUpdated({ uri }).catch((thrown: unknown) => {
        this.#options.log.write('warn', 'an update could not be sent', { uri, error: messageOf(thrown) });
      });
    }
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#idle?.timer.dispose();
    this.#idle = undefined;
    this.#elicitation.end();
    this.#options.onEnded();
    // The answer to the DELETE that ended the session is on its way: what is still unanswered after it never will be.
    setImmediate(() => {
      for (const response of this.#open) {
        if (!response.headersSent) sendRpcError(response, 404, SESSION_NOT_FOUND, 'the session was ended');
        else if (!response.writableEnded) response.end();
      }
    });
  }
}
