import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { Refusal } from './guard.ts';

/** How long, and over how many bytes, the rest of a refused body is thrown away before the connection is cut. */
const LINGER_MS = 1000;
const LINGER_BYTES = 64 * 1024 * 1024;

/**
 * Answers with the refusal as one line of JSON. Where a body is still on its way the connection is closed after it, but
 * not at once: cutting a connection with unread bytes makes the kernel reset it, and the client would lose the answer.
 */
export function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal, clock: Clock): void {
  const text = `${JSON.stringify({ error: refusal.message })}\n`;
  const unread = hasBody(request) && !request.complete;
  response.writeHead(refusal.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...refusal.headers,
    ...(unread ? { connection: 'close' } : {}),
  });
  if (!unread) {
    response.end(text);
    return;
  }
  response.write(text);
  discard(request, clock, () => {
    response.end();
    request.destroy();
  });
}

function hasBody(request: IncomingMessage): boolean {
  return 'transfer-encoding' in request.headers || Number(request.headers['content-length'] ?? 0) > 0;
}

function discard(request: IncomingMessage, clock: Clock, done: () => void): void {
  let bytes = 0;
  let over = false;
  const finish = (): void => {
    if (over) return;
    over = true;
    timer.dispose();
    done();
  };
  const timer = clock.after(LINGER_MS, finish);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) finish();
  });
  request.on('end', finish).on('close', finish);
  request.resume();
}
