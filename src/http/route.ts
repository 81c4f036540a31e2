import type { IncomingMessage, ServerResponse } from 'node:http';

/** One address of the listener. It is called only for requests that the guard let through. */
export interface Route {
  readonly methods: readonly string[];
  /** The exact path, without a query. */
  readonly path: string;
  /**
   * Answers the request; `body` has been read wholly and is within the listener's limit. An event stream names its
   * content-type by `setHeader`, so that the listener can end it when it closes.
   */
  handle(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> | void;
}
