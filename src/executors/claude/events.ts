import * as z from 'zod';

/** A call of a tool, as the model made it. */
export interface ToolCall {
  readonly id: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What one message used. `input` has the cached tokens in it, read and written; the provider counts them apart. */
export interface MessageUsage {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

/** How the program says that it ended. */
export interface Ended {
  readonly kind: 'ended';
  /** `success`, also where the provider refused; `error_max_turns`, `error_max_budget_usd`, `error_during_execution`, … */
  readonly subtype: string;
  readonly isError: boolean;
  readonly text: string;
  readonly answer: unknown;
  readonly errors: readonly string[];
  readonly turns: number | undefined;
  readonly costUsd: number | undefined;
  readonly usage: MessageUsage | undefined;
  /** HTTP's, of a provider that refused. */
  readonly status: number | undefined;
  readonly denials: readonly ToolCall[];
}

/** A line of `--output-format stream-json`, as far as it is of use here. */
export type ClaudeEvent =
  | { readonly kind: 'started'; readonly sessionId: string; readonly version: string | undefined }
  | {
      readonly kind: 'message';
      readonly id: string;
      readonly usage: MessageUsage | undefined;
      readonly texts: readonly string[];
      readonly calls: readonly ToolCall[];
      /** The provider's refusal, in a word: the text is the program's own then. */
      readonly error: string | undefined;
    }
  | { readonly kind: 'results'; readonly results: readonly ToolResult[] }
  | { readonly kind: 'denied'; readonly call: string; readonly tool: string; readonly why: string }
  | {
      readonly kind: 'retry';
      readonly attempt: number;
      readonly of: number;
      readonly status: number | undefined;
      readonly error: string | undefined;
    }
  | { readonly kind: 'limit'; readonly isReached: boolean; readonly resetsAt: number | undefined }
  | Ended
  | { readonly kind: 'other'; readonly name: string }
  | { readonly kind: 'unreadable' };

interface ToolResult {
  readonly call: string;
  readonly isError: boolean;
  readonly text: string;
}

const count = z.number().nonnegative().catch(0);
const maybeNumber = z.number().nullish().catch(undefined);
const Usage = z
  .object({
    input_tokens: count,
    cache_creation_input_tokens: count,
    cache_read_input_tokens: count,
    output_tokens: count,
  })
  .transform((told): MessageUsage => ({
    input: told.input_tokens + told.cache_creation_input_tokens + told.cache_read_input_tokens,
    cached: told.cache_read_input_tokens,
    output: told.output_tokens,
  }));

const Started = z
  .object({
    type: z.literal('system'),
    subtype: z.literal('init'),
    session_id: z.string(),
    claude_code_version: z.string().optional().catch(undefined),
  })
  .transform((told): ClaudeEvent => ({
    kind: 'started',
    sessionId: told.session_id,
    version: told.claude_code_version,
  }));

const Input = z.record(z.string(), z.unknown()).catch({});
const Call = z
  .object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: Input })
  .transform((told): ToolCall => ({ id: told.id, tool: told.name, input: told.input }));
const Text = z.object({ type: z.literal('text'), text: z.string() });

const Message = z
  .object({
    type: z.literal('assistant'),
    error: z.string().optional().catch(undefined),
    message: z.object({
      id: z.string(),
      usage: Usage.optional().catch(undefined),
      content: z.array(z.unknown()),
    }),
  })
  .transform(({ error, message }): ClaudeEvent => ({
    kind: 'message',
    id: message.id,
    usage: message.usage,
    texts: each(Text, message.content).map(({ text }) => text),
    calls: each(Call, message.content),
    error,
  }));

const Given = z
  .object({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    is_error: z.boolean().optional().catch(undefined),
    content: z.union([z.string(), z.array(z.unknown())]).catch(''),
  })
  .transform((told): ToolResult => ({
    call: told.tool_use_id,
    isError: told.is_error ?? false,
    text:
      typeof told.content === 'string'
        ? told.content
        : each(Text, told.content)
            .map(({ text }) => text)
            .join('\n'),
  }));

const Results = z
  .object({ type: z.literal('user'), message: z.object({ content: z.union([z.string(), z.array(z.unknown())]) }) })
  .transform(({ message: { content } }): ClaudeEvent => ({
    kind: 'results',
    results: typeof content === 'string' ? [] : each(Given, content),
  }));

const Denied = z
  .object({
    type: z.literal('system'),
    subtype: z.literal('permission_denied'),
    tool_name: z.string(),
    tool_use_id: z.string(),
    message: z.string().catch(''),
  })
  .transform((told): ClaudeEvent => ({
    kind: 'denied',
    call: told.tool_use_id,
    tool: told.tool_name,
    why: told.message,
  }));

const Retry = z
  .object({
    type: z.literal('system'),
    subtype: z.literal('api_retry'),
    attempt: count,
    max_retries: count,
    error_status: maybeNumber,
    error: z.string().optional().catch(undefined),
  })
  .transform((told): ClaudeEvent => ({
    kind: 'retry',
    attempt: told.attempt,
    of: told.max_retries,
    status: told.error_status ?? undefined,
    error: told.error,
  }));

/** `resetsAt` is in seconds; here in milliseconds since 1970. Who pays for more than their plan is not held. */
const Limit = z
  .object({
    type: z.literal('rate_limit_event'),
    rate_limit_info: z.object({
      status: z.string(),
      resetsAt: maybeNumber,
      isUsingOverage: z.boolean().optional().catch(undefined),
    }),
  })
  .transform(({ rate_limit_info: { status, resetsAt, isUsingOverage } }): ClaudeEvent => ({
    kind: 'limit',
    isReached: status === 'rejected' && isUsingOverage !== true,
    resetsAt: typeof resetsAt === 'number' ? resetsAt * 1000 : undefined,
  }));

/** Of each model that took part, small ones for asides too: `usage` beside it leaves out what a cut-off turn used. */
const ModelUsage = z.record(
  z.string(),
  z.object({ inputTokens: count, outputTokens: count, cacheReadInputTokens: count, cacheCreationInputTokens: count }),
);

const Denial = z
  .object({ tool_name: z.string(), tool_use_id: z.string().catch(''), tool_input: Input })
  .transform((told): ToolCall => ({ id: told.tool_use_id, tool: told.tool_name, input: told.tool_input }));

const Result = z
  .object({
    type: z.literal('result'),
    subtype: z.string(),
    is_error: z.boolean().catch(false),
    result: z.string().catch(''),
    structured_output: z.unknown().optional(),
    errors: z.array(z.string()).catch([]),
    num_turns: maybeNumber,
    total_cost_usd: maybeNumber,
    modelUsage: ModelUsage.optional().catch(undefined),
    api_error_status: maybeNumber,
    permission_denials: z.array(z.unknown()).catch([]),
  })
  .transform((told): Ended => ({
    kind: 'ended',
    subtype: told.subtype,
    isError: told.is_error,
    text: told.result,
    answer: told.structured_output,
    errors: told.errors,
    turns: told.num_turns ?? undefined,
    costUsd: told.total_cost_usd ?? undefined,
    usage: told.modelUsage === undefined ? undefined : sumOf(told.modelUsage),
    status: told.api_error_status ?? undefined,
    denials: each(Denial, told.permission_denials),
  }));

const Known = z.union([Started, Message, Results, Denied, Retry, Limit, Result]);
const Named = z.object({ type: z.string(), subtype: z.string().optional().catch(undefined) });

/** Reads one line. Never fails: what is not known has its name, and what is no JSON is unreadable. */
export function decodeLine(line: string): ClaudeEvent {
  const json = parseJson(line);
  const known = Known.safeParse(json);
  if (known.success) return known.data;
  const named = Named.safeParse(json);
  if (!named.success) return { kind: 'unreadable' };
  const { type, subtype } = named.data;
  return { kind: 'other', name: subtype === undefined ? type : `${type}/${subtype}` };
}

/** Those of a list that are of this shape. */
function each<T>(shape: z.ZodType<T>, all: readonly unknown[]): readonly T[] {
  return all.flatMap((one) => {
    const parsed = shape.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}

function sumOf(models: z.infer<typeof ModelUsage>): MessageUsage {
  const all = Object.values(models);
  const sum = (figure: (one: (typeof all)[number]) => number): number =>
    all.reduce((total, one) => total + figure(one), 0);
  const cached = sum((one) => one.cacheReadInputTokens);
  return {
    input: sum((one) => one.inputTokens + one.cacheCreationInputTokens) + cached,
    cached,
    output: sum((one) => one.outputTokens),
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
