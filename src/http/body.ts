import type { IncomingMessage } from 'node:http';
import { err, ok, type Result } from '../base/result.ts';

/** tooLarge: over the limit, the rest is unread · broken: the client went away in the middle */
export type BodyError = { readonly kind: 'tooLarge' } | { readonly kind: 'broken' };

/** Reads a request's body up to `limit` bytes. What Content-Length says to be larger is refused without reading. */
export function readBody(request: IncomingMessage, limit: number): Promise<Result<Buffer, BodyError>> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.resolve(err({ kind: 'tooLarge' }));
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (result: Result<Buffer, BodyError>): void => {
      request.off('data', take).off('end', end).off('close', broken);
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > limit) settle(err({ kind: 'tooLarge' }));
      else chunks.push(chunk);
    };
    const end = (): void => settle(ok(Buffer.concat(chunks)));
    const broken = (): void => settle(err({ kind: 'broken' }));
    // An 'error' of an aborted request is followed by 'close', which says all that matters here.
    request
      .on('data', take)
      .on('end', end)
      .on('close', broken)
      .on('error', () => undefined);
  });
}
