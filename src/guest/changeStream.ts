import { request, type Agent, type ClientRequest } from 'node:http';
import type { Disposable } from '../base/disposable.ts';
import { EventParser } from './eventParser.ts';

export interface ChangeStreamOptions {
  readonly url: URL;
  readonly token: string;
  readonly agent: Agent;
  /** Each event's data, in order. */
  readonly onData: (data: string) => void;
  /** Once, when the stream is over and `dispose` was not the reason. `why` is for a person. */
  readonly onEnd: (why: string) => void;
}

/** A guest's open stream of changes. */
export class ChangeStream implements Disposable {
  /** Resolves when the host is sending (or the stream is over): what happens from here on is heard. */
  readonly opened: Promise<void>;
  readonly #request: ClientRequest;
  #over = false;

  constructor(options: ChangeStreamOptions) {
    const headers = { authorization: `Bearer ${options.token}`, accept: 'text/event-stream' };
    const sent = request(options.url, { agent: options.agent, headers });
    this.#request = sent;
    this.opened = new Promise((resolve) => {
      const end = (why: string): void => {
        resolve();
        if (this.#over) return;
        this.#over = true;
        sent.destroy();
        options.onEnd(why);
      };
      sent.on('error', (error) => end(error.message));
      sent.on('response', (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          end(`it answered ${response.statusCode ?? 0}`);
          return;
        }
        const parser = new EventParser();
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          for (const data of parser.push(text)) if (!this.#over) options.onData(data);
        });
        response.on('error', (error) => end(error.message));
        response.on('close', () => end('its stream of changes ended'));
        resolve();
      });
      sent.end();
    });
  }

  dispose(): void {
    this.#over = true;
    this.#request.destroy();
  }
}
