import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';

const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVE = Buffer.from(': keep-alive\n\n');

/** One event as the bytes that go to every stream. */
export function eventFrame(data: unknown): Buffer {
  return Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
}

/** An open `text/event-stream`. A reader that lets more than `mostPendingBytes` pile up is cut off: it may come again. */
export class EventStream implements Disposable {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #mostPendingBytes: number;
  #keepAlive: Disposable | undefined;

  constructor(response: ServerResponse, clock: Clock, mostPendingBytes: number) {
    this.#response = response;
    this.#clock = clock;
    this.#mostPendingBytes = mostPendingBytes;
    response.setHeader('content-type', 'text/event-stream');
    response.setHeader('cache-control', 'no-cache, no-transform');
    response.flushHeaders();
    response.on('close', () => this.#keepAlive?.dispose());
    this.#armKeepAlive();
  }

  send(frame: Buffer): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(frame);
    if (this.#response.writableLength > this.#mostPendingBytes) this.#response.destroy();
  }

  /** Ends the stream; what was sent still goes out. */
  dispose(): void {
    this.#keepAlive?.dispose();
    this.#response.end();
  }

  #armKeepAlive(): void {
    this.#keepAlive = this.#clock.after(KEEP_ALIVE_MS, () => {
      this.send(KEEP_ALIVE);
      this.#armKeepAlive();
    });
  }
}
