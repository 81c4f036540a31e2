import * as z from 'zod';

/** `item.started`, `item.updated` and `item.completed` tell of the same things. Kinds that are not here are told by their name. */
const CommandItem = z.object({
  type: z.literal('command_execution'),
  id: z.string(),
  command: z.string(),
  aggregated_output: z.string().default(''),
  exit_code: z.int().nullish(),
  status: z.string(),
});
const FileChangeItem = z.object({
  type: z.literal('file_change'),
  id: z.string(),
  changes: z.array(z.object({ path: z.string(), kind: z.string() })),
  status: z.string(),
});
const Item = z.discriminatedUnion('type', [
  CommandItem,
  FileChangeItem,
  z.object({ type: z.literal('agent_message'), text: z.string() }),
  z.object({ type: z.literal('reasoning'), text: z.string() }),
  z.object({ type: z.literal('mcp_tool_call'), server: z.string(), tool: z.string(), status: z.string() }),
  z.object({ type: z.literal('web_search'), query: z.string() }),
  z.object({
    type: z.literal('todo_list'),
    items: z.array(z.object({ text: z.string(), completed: z.boolean() })),
  }),
  /** Not the end of anything: that a model is not known to it, for one. */
  z.object({ type: z.literal('error'), message: z.string() }),
]);
export type Item = z.infer<typeof Item>;

const Usage = z.object({
  input_tokens: z.int().min(0),
  /** A part of the input. */
  cached_input_tokens: z.int().min(0).optional(),
  output_tokens: z.int().min(0),
});

const Event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('thread.started'), thread_id: z.string() }),
  z.object({ type: z.literal('turn.started') }),
  z.object({ type: z.literal('turn.completed'), usage: Usage.optional() }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: z.string() }) }),
  /** A reconnect, or the first word of a `turn.failed`. */
  z.object({ type: z.literal('error'), message: z.string() }),
  z.object({ type: z.literal('item.started'), item: Item }),
  z.object({ type: z.literal('item.updated'), item: Item }),
  z.object({ type: z.literal('item.completed'), item: Item }),
]);

const Named = z.object({ type: z.string(), item: z.object({ type: z.string() }).optional() });

export type CodexEvent =
  | z.infer<typeof Event>
  /** One of a newer version: its name. */
  | { readonly type: 'unknown'; readonly name: string }
  /** No event at all. */
  | { readonly type: 'text'; readonly text: string };

/** A line of `codex exec --json` (0.169.0). Total: whatever a version says, nothing of it is fatal. */
export function decodeEvent(line: string): CodexEvent {
  const json = parseJson(line);
  const known = Event.safeParse(json);
  if (known.success) return known.data;
  const named = Named.safeParse(json);
  if (!named.success) return { type: 'text', text: line };
  const { type, item } = named.data;
  return { type: 'unknown', name: item === undefined ? type : `${type} ${item.type}` };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
