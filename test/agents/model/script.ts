/** What one answer is said to have cost, in tokens. `cached` is a part of `input`. */
export interface SaidUsage {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

export interface Call {
  readonly tool: string;
  /** An object of arguments, or the bare text that a free-form tool takes. */
  readonly input: Readonly<Record<string, unknown>> | string;
}

/** Text, calls of tools, or both. */
export interface Answer {
  readonly kind: 'answer';
  readonly text?: string;
  readonly calls?: readonly Call[];
  readonly usage?: SaidUsage;
}

/** An error of HTTP, in the form that the protocol gives to errors. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Over the protocol's own type and words. */
  readonly error?: Readonly<Record<string, unknown>>;
}

export type Turn =
  | Answer
  | Refusal
  /** An answer that breaks off within the JSON of its first words; its connection ends in good order. */
  | { readonly kind: 'malformed' }
  /** An answer that ends in good order before the protocol says that it is complete. */
  | { readonly kind: 'cut' }
  /** Never answered. */
  | { readonly kind: 'silent' };

/** What a program asked of the model, whatever the protocol. */
export interface Conversation {
  readonly model: string;
  readonly system: string;
  /** All that stands in the user's name, without what tools gave. */
  readonly prompt: string;
  /** Names of the tools that were offered. */
  readonly tools: readonly string[];
  /** What tools gave so far, first to last. */
  readonly results: readonly string[];
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Undefined where it is no request of a protocol that is known here. */
  readonly conversation?: Conversation;
}

type Decide = (conversation: Conversation) => Turn | Promise<Turn>;

/** A turn for each request; the last one stands for all that come after it. Or one decision for all of them. */
export type Script = readonly (Turn | Decide)[] | Decide;

export function say(text: string, usage?: SaidUsage): Answer {
  return { kind: 'answer', text, ...(usage === undefined ? {} : { usage }) };
}

export function call(tool: string, input: Call['input'], usage?: SaidUsage): Answer {
  return { kind: 'answer', calls: [{ tool, input }], ...(usage === undefined ? {} : { usage }) };
}

export function refuse(status: number, more: Pick<Refusal, 'headers' | 'error'> = {}): Refusal {
  return { kind: 'refusal', status, ...more };
}
