import { request, type Agent } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';

export interface Post {
  readonly url: URL;
  readonly token: string;
  readonly agent: Agent;
  /** JSON. */
  readonly body: string;
  readonly clock: Clock;
  readonly answerMs: number;
}

/** gone: no host of ours is there any more · tooLarge: it does not take so large a body · late: no answer in time */
export interface PostError {
  readonly kind: 'gone' | 'tooLarge' | 'late';
  /** For a person. */
  readonly why: string;
}

/** One request to the host, answered with its body's text. A request that may have arrived is never sent twice. */
export function post(options: Post): Promise<Result<string, PostError>> {
  return new Promise((resolve) => {
    const fail = (kind: PostError['kind'], why: string): void => settle(err({ kind, why }));
    const settle = (result: Result<string, PostError>): void => {
      timer.dispose();
      resolve(result);
    };
    const timer = options.clock.after(options.answerMs, () => {
      fail('late', `it gave no answer within ${options.answerMs / 1000} s`);
      sent.destroy();
    });
    const sent = request(options.url, {
      method: 'POST',
      agent: options.agent,
      headers: {
        authorization: `Bearer ${options.token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(options.body),
      },
    });
    sent.on('error', (error) => fail('gone', error.message));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => fail('gone', error.message));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) settle(ok(text));
        else fail(response.statusCode === 413 ? 'tooLarge' : 'gone', `it answered ${response.statusCode ?? 0}`);
      });
    });
    sent.end(options.body);
  });
}
