import type { Writable } from 'node:stream';
import type { AnyMessage, Stream } from '@agentclientprotocol/sdk';
import * as z from 'zod';

/** What the host holds for an agent at most, in characters: requests without an answer, and answers that are not read. */
const MOST_HELD = 96 * 1024 * 1024;
/** What a request takes besides its own text. */
const OVERHEAD = 4096;

const jsonrpc = z.literal('2.0');
const Id = z.union([z.string(), z.number(), z.null()]);
type Id = z.infer<typeof Id>;
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
  /** It has asked for more than the host holds, once: nothing more of it is answered. */
  readonly onFlood: () => void;
}

/**
 * The lines of a program as the library's stream of messages. Updates are told at once and not passed on: the library hands
 * out notifications and answers each in their own time, so that a turn would be over before its last word is heard. Requests for files are passed on one
 * after the other, each once the answer before has gone down the pipe: an agent that does not read gets no more of them.
 */
export class Wire {
  readonly stream: Stream;
  readonly #ears: Ears;
  readonly #unsent: string[] = [];
  readonly #open = new Set<Id>();
  /** What each request of the program weighs that has no answer yet. */
  readonly #owed = new Map<Id, number>();
  #held = 0;
  readonly #waiting: z.infer<typeof Request>[] = [];
  #serving: { readonly id: Id } | undefined;
  #isFlooded = false;
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

  get isFlooded(): boolean {
    return this.#isFlooded;
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
    if (request.success) this.#requested(request.data, line);
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

  #requested(request: z.infer<typeof Request>, line: string): void {
    if (this.#isFlooded) return;
    const { id, method } = request;
    // Under one id there is one answer.
    if (this.#owed.has(id)) {
      this.#ears.onOther(line);
      return;
    }
    this.#owed.set(id, line.length + OVERHEAD);
    this.#held += line.length + OVERHEAD;
    this.#weigh();
    if (method.startsWith('fs/')) {
      this.#waiting.push(request);
      this.#serve();
    } else this.#pass(request);
  }

  #serve(): void {
    if (this.#serving !== undefined) return;
    const request = this.#waiting.shift();
    if (request === undefined) return;
    this.#serving = { id: request.id };
    this.#pass(request);
  }

  #answered(id: Id): void {
    this.#held -= this.#owed.get(id) ?? 0;
    this.#owed.delete(id);
    if (this.#serving?.id !== id) return;
    const next = (): void => {
      this.#serving = undefined;
      this.#serve();
    };
    if (this.#pipe?.writableNeedDrain === true) this.#pipe.once('drain', next);
    else next();
  }

  #weigh(): void {
    if (this.#isFlooded || this.#held + (this.#pipe?.writableLength ?? 0) <= MOST_HELD) return;
    this.#isFlooded = true;
    this.#waiting.length = 0;
    this.#ears.onFlood();
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
    else if (!this.#isFlooded) this.#pipe.write(line);
    this.#weigh();
    if (!('method' in message)) this.#answered(message.id);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
