import * as z from 'zod';
import { argumentsText, wordsFor, type Protocol, type StreamEvent, type TypedEvent } from './protocol.ts';
import type { Answer, Call, Conversation, Refusal } from './script.ts';

const Part = z.object({ text: z.string().default('') });
const Text = z.union([z.string(), z.array(Part)]);
const Tool = z.object({
  type: z.string(),
  name: z.string().optional(),
  tools: z.array(z.object({ name: z.string() })).default([]),
});
const Item = z.object({
  type: z.string().default('message'),
  role: z.string().optional(),
  content: Text.optional(),
  output: z.union([Text, z.object({ content: z.string() })]).optional(),
  /** Codex: how the tools of its newer models are offered. */
  tools: z.array(Tool).default([]),
});
const Body = z.object({
  model: z.string(),
  instructions: z.string().default(''),
  input: z.union([z.string(), z.array(Item)]),
  tools: z.array(Tool).default([]),
});

/** OpenAI Responses, streamed: https://platform.openai.com/docs/api-reference/responses-streaming */
export const responses: Protocol = { path: /\/responses$/, read, stream, error };

function read(body: unknown): Conversation | undefined {
  const parsed = Body.safeParse(body);
  if (!parsed.success) return undefined;
  const { model, instructions, input, tools } = parsed.data;
  const items = typeof input === 'string' ? [Item.parse({ role: 'user', content: input })] : input;
  const said = (role: string): string[] =>
    items.filter((item) => item.role === role).map((item) => plain(item.content));
  return {
    model,
    system: [instructions, ...said('system'), ...said('developer')].join('\n'),
    prompt: said('user').join('\n'),
    tools: [...tools, ...items.flatMap((item) => item.tools)].flatMap(namesIn),
    results: items.flatMap((item) => (item.type.endsWith('_call_output') ? plain(item.output) : [])),
  };
}

/** A namespace is named by what is in it. */
function namesIn({ type, name, tools }: z.infer<typeof Tool>): readonly string[] {
  return tools.length > 0 ? tools.map((tool) => tool.name) : [name ?? type];
}

function plain(text: z.infer<typeof Item>['output']): string {
  if (text === undefined || typeof text === 'string') return text ?? '';
  return 'content' in text ? text.content : text.map((part) => part.text).join('');
}

function stream({ text, calls = [], usage }: Answer, { model }: Conversation, turn: number): readonly StreamEvent[] {
  const response = { id: `resp_${turn}`, object: 'response', created_at: 0, model };
  const items = [
    ...(text === undefined ? [] : [message(text, turn)]),
    ...calls.map((call, index) => called(call, `call_${turn}_${index}`)),
  ];
  const { input, cached, output } = usage ?? { input: 100, cached: 0, output: 10 };
  const counted = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
  return [
    typed({ type: 'response.created', response: { ...response, status: 'in_progress', output: [] } }),
    ...items.flatMap((item, index) => shown(item, index)),
    typed({
      type: 'response.completed',
      response: { ...response, status: 'completed', output: items, usage: counted },
    }),
  ];
}

type Said = ReturnType<typeof message> | ReturnType<typeof called>;

function shown(item: Said, at: number): readonly StreamEvent[] {
  const added = typed({ type: 'response.output_item.added', output_index: at, item });
  const done = typed({ type: 'response.output_item.done', output_index: at, item });
  if (item.type !== 'message') return [added, done];
  const delta = item.content.map((part) => part.text).join('');
  const place = { item_id: item.id, output_index: at, content_index: 0 };
  return [added, typed({ type: 'response.output_text.delta', ...place, delta }), done];
}

function message(text: string, turn: number) {
  const content = [{ type: 'output_text', text, annotations: [] }];
  return { type: 'message' as const, id: `msg_${turn}`, role: 'assistant', status: 'completed', content };
}

function called({ tool, input }: Call, id: string) {
  const same = { id: `item_${id}`, call_id: id, name: tool, status: 'completed' };
  if (typeof input === 'string') return { type: 'custom_tool_call' as const, ...same, input };
  return { type: 'function_call' as const, ...same, arguments: argumentsText(input) };
}

function typed(data: TypedEvent): StreamEvent {
  return { event: data.type, data };
}

function error({ status, error: own }: Refusal): unknown {
  const type = status === 401 ? 'invalid_request_error' : status === 429 ? 'rate_limit_exceeded' : 'server_error';
  const code = status === 401 ? 'invalid_api_key' : type;
  return { error: { message: wordsFor(status), type, param: null, code, ...own } };
}
