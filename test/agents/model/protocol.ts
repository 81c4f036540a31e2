import type { Answer, Conversation, Refusal } from './script.ts';

/** One server-sent event: its name where the protocol has names, and its data (JSON, or a word as it is). */
export interface StreamEvent {
  readonly event?: string;
  readonly data: unknown;
}

/** Data that tells its event's name itself. */
export interface TypedEvent {
  readonly type: string;
  readonly [more: string]: unknown;
}

/** One API of a model's vendor, as far as the programs use it. */
export interface Protocol {
  readonly path: RegExp;
  /** Whether an answer is to come at once, as the data of its first event, and not as a stream. */
  readonly isWhole?: (path: string) => boolean;
  /** Undefined where the body is not of this protocol. */
  read(body: unknown, path: string): Conversation | undefined;
  /** A whole answer; `turn` counts from 1 and makes ids that are the same in each run. */
  stream(answer: Answer, conversation: Conversation, turn: number): readonly StreamEvent[];
  error(refusal: Refusal): unknown;
}

export function written({ event, data }: StreamEvent): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`;
}

/** The arguments of a call as the protocols with JSON in a string want them. */
export function argumentsText(input: Readonly<Record<string, unknown>> | string): string {
  return typeof input === 'string' ? input : JSON.stringify(input);
}

/** What a vendor's error says where the script does not. */
export function wordsFor(status: number): string {
  if (status === 401) return 'The key is not valid.';
  if (status === 429) return 'Too many requests.';
  return 'The server had an error.';
}
