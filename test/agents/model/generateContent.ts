import * as z from 'zod';
import { wordsFor, type Protocol, type StreamEvent } from './protocol.ts';
import type { Answer, Conversation, Refusal } from './script.ts';

const Part = z.object({
  text: z.string().optional(),
  functionResponse: z.object({ response: z.record(z.string(), z.unknown()) }).optional(),
});
const Content = z.object({ role: z.string().default('user'), parts: z.array(Part).default([]) });
const Body = z.object({
  contents: z.array(Content),
  systemInstruction: Content.optional(),
  tools: z.array(z.object({ functionDeclarations: z.array(z.object({ name: z.string() })).default([]) })).default([]),
});

/** Gemini, streamed as server-sent events, or as one answer: https://ai.google.dev/api/generate-content */
export const generateContent: Protocol = {
  path: /\/models\/[^/]+:(?:streamGenerateContent|generateContent)$/,
  isWhole: (path) => path.endsWith(':generateContent'),
  read,
  stream,
  error,
};

function read(body: unknown, path: string): Conversation | undefined {
  const parsed = Body.safeParse(body);
  if (!parsed.success) return undefined;
  const { contents, systemInstruction, tools } = parsed.data;
  const parts = contents.filter(({ role }) => role === 'user').flatMap((content) => content.parts);
  return {
    model: /\/models\/([^/:]+):/.exec(path)?.[1] ?? '',
    system: (systemInstruction?.parts ?? []).flatMap(({ text }) => text ?? []).join('\n'),
    prompt: parts.flatMap(({ text }) => text ?? []).join('\n'),
    tools: tools.flatMap((tool) => tool.functionDeclarations.map(({ name }) => name)),
    results: parts.flatMap(({ functionResponse }) => (functionResponse === undefined ? [] : told(functionResponse))),
  };
}

/** Mostly `{ output }` or `{ error }`. */
function told({ response }: { readonly response: Readonly<Record<string, unknown>> }): string {
  return Object.values(response)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join('\n');
}

function stream({ text, calls = [], usage }: Answer, { model }: Conversation, turn: number): readonly StreamEvent[] {
  const { input, cached, output } = usage ?? { input: 100, cached: 0, output: 10 };
  const parts = [
    ...(text === undefined ? [] : [{ text }]),
    ...calls.map(({ tool, input: args }) => ({ functionCall: { name: tool, args } })),
  ];
  const usageMetadata = {
    promptTokenCount: input,
    cachedContentTokenCount: cached,
    candidatesTokenCount: output,
    totalTokenCount: input + output,
  };
  const same = { responseId: `response-${turn}`, modelVersion: model };
  const said = (some: readonly unknown[]) => ({ index: 0, content: { role: 'model', parts: some } });
  return [
    { data: { ...same, candidates: [said(parts)] } },
    { data: { ...same, candidates: [{ ...said([{ text: '' }]), finishReason: 'STOP' }], usageMetadata } },
  ];
}

function error({ status, error: own }: Refusal): unknown {
  const name = status === 401 ? 'UNAUTHENTICATED' : status === 429 ? 'RESOURCE_EXHAUSTED' : 'INTERNAL';
  return { error: { code: status, message: wordsFor(status), status: name, ...own } };
}
