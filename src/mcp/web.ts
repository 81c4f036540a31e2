import type { IncomingMessage, ServerResponse } from 'node:http';

/** The headers that the transport looks at. The token is not among them, so nothing behind it can pass it on. */
const HEADERS = ['accept', 'content-type', 'mcp-session-id', 'mcp-protocol-version', 'last-event-id'] as const;

/** Node's request as the web's, without its body: the listener has read that. */
export function webRequest(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const name of HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return new Request(new URL(request.url ?? '/', 'http://127.0.0.1'), { method: request.method ?? 'GET', headers });
}

/** Sends the web's response through Node's, at the reader's pace. Returns when it has ended or the client is gone. */
export async function sendWeb(answer: Response, response: ServerResponse): Promise<void> {
  const reader = answer.body?.getReader();
  const cancel = (): void => void reader?.cancel().catch(() => undefined);
  if (isOver(response)) {
    cancel();
    return;
  }
  response.on('close', cancel);
  response.statusCode = answer.status;
  answer.headers.forEach((value, name) => {
    if (name !== 'connection') response.setHeader(name, value);
  });
  response.flushHeaders();
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done || isOver(response)) break;
    if (!response.write(part.value)) await drained(response);
  }
  if (!isOver(response)) response.end();
}

function isOver(response: ServerResponse): boolean {
  return response.destroyed || response.writableEnded;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
    if (response.destroyed) done();
  });
}

/** A JSON-RPC error that belongs to no request of a session. */
export function sendRpcError(response: ServerResponse, status: number, code: number, message: string): void {
  const text = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
