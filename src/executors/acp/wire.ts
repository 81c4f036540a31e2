import type { Writable } from 'node:stream';
import type { AnyMessage, Stream } from '@agentclientprotocol/sdk';
import * as z from 'zod';

const jsonrpc = z.literal('2.0');
const Id = z.union([z.string(), z.number(), z.null()]);
const Request = z.object({ jsonrpc, id: Id, method: z.string(), params: z.unknown().optional() });
const Notification = z.object({
  jsonrpc,
  id: z.undefined().optional(),
  method: z.string(),
  params: z.unknown().optional(),
});
const Failure = z.object({
  jsonrpc,
  id: Id,
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }),
});
const Success = z.object({
  jsonrpc,
  id: Id,
  method: z.undefined().optional(),
  error: z.undefined().optional(),
  result: z.unknown(),
});

export interface Ears {
  /** What a session/update tells, in its place between all that the agent says. */
  readonly onUpdate: (params: unknown) => void;
  /** A line that is no message, or an answer to nothing. */
  readonly onOther: (text: string) => void;
}

/**
 * The lines of a program as the library's stream of messages. Updates are told at once and not passed on: the library hands
 * out notifications and answers each in their own time, so that a turn would be over before its last word is heard.
 */
export class Wire {
  readonly stream: Stream;
  readonly #ears: Ears;
  readonly #unsent: string[] = [];
  readonly #open = new Set<string | number | null>();
  #incoming: ReadableStreamDefaultController<AnyMessage> | undefined;
  #pipe: Writable | undefined;

  constructor(ears: Ears) {
    this.#ears = ears;
    this.stream = {
      readable: new ReadableStream<AnyMessage>({
        start: (controller) => void (this.#incoming = controller),
        cancel: () => void (this.#incoming = undefined),
      }),
      writable: new WritableStream<AnyMessage>({ write: (message) => this.#send(message) }),
    };
  }

  /** The program's stdin. */
  open(pipe: Writable): void {
    this.#pipe = pipe;
    for (const line of this.#unsent.splice(0)) pipe.write(line);
  }

  /** A line of the program's stdout. */
  take(line: string): void {
    if (line.trim() === '') return;
    const json = parsed(line);
    const request = Request.safeParse(json);
    const notification = Notification.safeParse(json);
    const answer = z.union([Failure, Success]).safeParse(json);
    if (request.success) this.#pass(request.data);
    else if (notification.success) this.#notified(notification.data);
    else if (answer.success && this.#open.delete(answer.data.id)) this.#pass(answer.data);
    else this.#ears.onOther(line);
  }

  /** Nothing more is said to the program. */
  end(): void {
    this.#pipe?.end();
  }

  /** The program has ended: what waits for an answer hears of it. */
  close(): void {
    this.#incoming?.close();
    this.#incoming = undefined;
  }

  #notified({ method, params }: z.infer<typeof Notification>): void {
    if (method === 'session/update') this.#ears.onUpdate(params);
    else this.#pass({ jsonrpc: '2.0', method, params });
  }

  #pass(message: AnyMessage): void {
    this.#incoming?.enqueue(message);
  }

  #send(message: AnyMessage): void {
    if ('method' in message && 'id' in message) this.#open.add(message.id);
    const line = `${JSON.stringify(message)}\n`;
    if (this.#pipe === undefined) this.#unsent.push(line);
    else this.#pipe.write(line);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
