import * as z from 'zod';

/** A key that an agent may leave out, or set to null. */
function maybe<T extends z.ZodType>(type: T) {
  return type.nullish().catch(undefined);
}

const Chunk = z.object({
  content: z.object({ type: z.string(), text: z.string().optional() }),
  messageId: maybe(z.string()),
});
const Content = z.object({
  type: z.string(),
  path: maybe(z.string()),
  content: maybe(z.object({ text: maybe(z.string()) })),
});

/** What is told of a tool's call, in whole or in part. */
export const ToolCall = z.object({
  toolCallId: z.string(),
  title: maybe(z.string()),
  kind: maybe(z.string()),
  status: maybe(z.string()),
  content: maybe(z.array(Content)),
  locations: maybe(z.array(z.object({ path: z.string() }))),
  rawInput: z.unknown().optional(),
});
export type ToolCall = z.infer<typeof ToolCall>;

const known = [
  Chunk.extend({ sessionUpdate: z.enum(['agent_message_chunk', 'agent_thought_chunk']) }),
  ToolCall.extend({ sessionUpdate: z.enum(['tool_call', 'tool_call_update']) }),
  z.object({
    sessionUpdate: z.literal('plan'),
    entries: z.array(z.object({ content: z.string(), status: z.string() })),
  }),
  z.object({
    sessionUpdate: z.literal('usage_update'),
    cost: maybe(z.object({ amount: z.number().min(0), currency: z.string() })),
  }),
  z.object({ sessionUpdate: z.literal('current_mode_update'), currentModeId: z.string() }),
] as const;

/** What of a session's updates is for a person's eyes; agents may send more, and other fields. */
const Update = z.object({ update: z.discriminatedUnion('sessionUpdate', known) });
export type Update = z.infer<typeof Update>['update'];

/** Undefined for an update of another kind, or of another shape: it is in the raw stream. */
export function readUpdate(params: unknown): Update | undefined {
  const parsed = Update.safeParse(params);
  return parsed.success ? parsed.data.update : undefined;
}
