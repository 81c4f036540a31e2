import * as z from 'zod';
import { argumentsText, wordsFor, type Protocol, type StreamEvent, type TypedEvent } from './protocol.ts';
import type { Answer, Conversation, Refusal } from './script.ts';

const TextPart = z.object({ text: z.string().default('') });
const Text = z.union([z.string(), z.array(TextPart)]);
const Block = z.object({ type: z.string(), text: z.string().optional(), content: Text.optional() });
const Body = z.object({
  model: z.string(),
  system: Text.optional(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(Block)]) })),
  tools: z.array(z.object({ name: z.string() })).default([]),
});

/** Anthropic Messages, streamed: https://docs.anthropic.com/en/api/messages-streaming */
export const messages: Protocol = { path: /\/messages$/, read, stream, error };

function read(body: unknown): Conversation | undefined {
  const parsed = Body.safeParse(body);
  if (!parsed.success) return undefined;
  const { model, system, messages: said, tools } = parsed.data;
  const blocks = said
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content));
  return {
    model,
    system: plain(system),
    prompt: blocks.flatMap(({ text }) => text ?? []).join('\n'),
    tools: tools.map(({ name }) => name),
    results: blocks.flatMap((block) =>
      block.type === 'tool_result' ? plain('content' in block ? block.content : undefined) : [],
    ),
  };
}

function plain(text: z.infer<typeof Text> | undefined): string {
  return typeof text === 'string' ? text : (text ?? []).map((part) => part.text).join('\n');
}

function stream({ text, calls = [], usage }: Answer, { model }: Conversation, turn: number): readonly StreamEvent[] {
  const { input, cached, output } = usage ?? { input: 100, cached: 0, output: 10 };
  const counted = { input_tokens: input - cached, cache_creation_input_tokens: 0, cache_read_input_tokens: cached };
  const start = { id: `msg_${turn}`, type: 'message', role: 'assistant', model, content: [], stop_reason: null };
  const blocks = [
    ...(text === undefined ? [] : [{ block: { type: 'text', text: '' }, delta: { type: 'text_delta', text } }]),
    ...calls.map((call, index) => ({
      block: { type: 'tool_use', id: `toolu_${turn}_${index}`, name: call.tool, input: {} },
      delta: { type: 'input_json_delta', partial_json: argumentsText(call.input) },
    })),
  ];
  const stop = { stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null };
  return [
    typed({
      type: 'message_start',
      message: { ...start, stop_sequence: null, usage: { ...counted, output_tokens: 1 } },
    }),
    ...blocks.flatMap(({ block, delta }, index) => [
      typed({ type: 'content_block_start', index, content_block: block }),
      typed({ type: 'content_block_delta', index, delta }),
      typed({ type: 'content_block_stop', index }),
    ]),
    typed({ type: 'message_delta', delta: stop, usage: { output_tokens: output } }),
    typed({ type: 'message_stop' }),
  ];
}

function typed(data: TypedEvent): StreamEvent {
  return { event: data.type, data };
}

function error({ status, error: own }: Refusal): unknown {
  const type = status === 401 ? 'authentication_error' : status === 429 ? 'rate_limit_error' : 'api_error';
  return { type: 'error', error: { type, message: wordsFor(status), ...own }, request_id: 'req_1' };
}
