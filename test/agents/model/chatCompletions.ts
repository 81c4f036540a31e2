import * as z from 'zod';
import { argumentsText, wordsFor, type Protocol, type StreamEvent } from './protocol.ts';
import type { Answer, Conversation, Refusal } from './script.ts';

const Content = z.union([z.string(), z.array(z.object({ text: z.string().default('') }))]).nullish();
const Body = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: Content })),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).default([]),
});

/** OpenAI Chat Completions, streamed: https://platform.openai.com/docs/api-reference/chat-streaming */
export const chatCompletions: Protocol = { path: /\/chat\/completions$/, read, stream, error };

function read(body: unknown): Conversation | undefined {
  const parsed = Body.safeParse(body);
  if (!parsed.success) return undefined;
  const { model, messages, tools } = parsed.data;
  const said = (...roles: readonly string[]): readonly string[] =>
    messages.filter(({ role }) => roles.includes(role)).map(({ content }) => plain(content));
  return {
    model,
    system: said('system', 'developer').join('\n'),
    prompt: said('user').join('\n'),
    tools: tools.map((tool) => tool.function.name),
    results: said('tool'),
  };
}

function plain(content: z.infer<typeof Content>): string {
  return typeof content === 'string' ? content : (content ?? []).map((part) => part.text).join('');
}

function stream({ text, calls = [], usage }: Answer, { model }: Conversation, turn: number): readonly StreamEvent[] {
  const { input, cached, output } = usage ?? { input: 100, cached: 0, output: 10 };
  const same = { id: `chatcmpl-${turn}`, object: 'chat.completion.chunk', created: 0, model };
  const chunk = (delta: unknown, reason: string | null): StreamEvent => ({
    data: { ...same, choices: [{ index: 0, delta, finish_reason: reason }] },
  });
  const called = calls.map((call, index) => {
    const named = { name: call.tool, arguments: argumentsText(call.input) };
    return { index, id: `call_${turn}_${index}`, type: 'function', function: named };
  });
  const counted = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
  return [
    chunk({ role: 'assistant', content: text ?? null, ...(called.length > 0 ? { tool_calls: called } : {}) }, null),
    chunk({}, called.length > 0 ? 'tool_calls' : 'stop'),
    { data: { ...same, choices: [], usage: counted } },
    { data: '[DONE]' },
  ];
}

function error({ status, error: own }: Refusal): unknown {
  const type = status === 401 ? 'invalid_request_error' : status === 429 ? 'rate_limit_exceeded' : 'server_error';
  return { error: { message: wordsFor(status), type, param: null, code: null, ...own } };
}
