import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../base/clock.ts';

export interface WebhookPost {
  /** https, or http on this machine. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: Buffer;
  readonly clock: Clock;
  /** Ends it, whatever it is at. */
  readonly signal: AbortSignal;
}

/** How long one request may take, with its answer. */
const ANSWER_MS = 10_000;
/** Of the answer's body: nobody reads it, and who sends more is not listened to. */
const LARGEST_ANSWER = 64 * 1024;

/**
 * One request on a connection of its own; resolves with the status of the answer, or with nothing where there was none in
 * time. A redirect is an answer like any other: it is not followed.
 */
export function postWebhook({ url, headers, body, clock, signal }: WebhookPost): Promise<number | undefined> {
  return new Promise((resolve) => {
    let status: number | undefined;
    const end = (): void => {
      timer.dispose();
      signal.removeEventListener('abort', end);
      sent.destroy();
      resolve(status);
    };
    const timer = clock.after(ANSWER_MS, end);
    signal.addEventListener('abort', end);
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent = request(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': body.length, connection: 'close' },
    });
    sent.on('error', end);
    sent.on('response', (response) => {
      status = response.statusCode;
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > LARGEST_ANSWER) end();
      });
      response.on('error', end);
      response.on('end', end);
    });
    if (signal.aborted) end();
    else sent.end(body);
  });
}
