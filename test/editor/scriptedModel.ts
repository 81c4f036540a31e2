import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

/** What the model answers in one turn: the call of a tool, or its last word. */
type Reply =
  { readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> } | { readonly text: string };

/** One turn, decided by what the tools gave so far, first to last; it may wait for something before it answers. */
type Decide = (results: readonly string[]) => Reply | Promise<Reply>;

/** Turn by turn; or one decision for all turns, for a model that asks until something is so. */
type Script = readonly (Reply | Decide)[] | Decide;

interface ScriptedModel {
  /** `User/chatLanguageModels.json` for this model, to be given to `Editor.start` as one of its `files`. */
  readonly files: Readonly<Record<string, string>>;
  /** How VS Code calls it: `modelSelector` of `workbench.action.chat.open`. */
  readonly selector: { readonly vendor: string; readonly id: string };
  /** The tools that were offered when it last had to take a turn. */
  tools(): readonly string[];
  /** What the tools gave in the conversation so far. */
  results(): readonly string[];
  close(): Promise<void>;
}

const VENDOR = 'customendpoint';
const ID = 'scripted';
/** Those of MCP servers, and those of the relay's own executor. */
const FIRST_TOOL = /^(?:mcp_|edit$)/;

const Content = z.union([z.string(), z.array(z.object({ text: z.string().default('') }))]).nullish();
const Request = z.object({
  messages: z.array(z.object({ role: z.string(), content: Content })),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).default([]),
});
type Request = z.infer<typeof Request>;

/**
 * A model that says what a test tells it to: an OpenAI Chat Completions endpoint (streamed) on loopback. A request that
 * offers MCP tools takes the turn that follows the tool results in it; others (a title for the chat) get one word.
 */
export async function startScriptedModel(script: Script): Promise<ScriptedModel> {
  let tools: readonly string[] = [];
  let results: readonly string[] = [];
  const answer = async (request: Request): Promise<Reply> => {
    const offered = request.tools.map((tool) => tool.function.name);
    if (!offered.some((name) => FIRST_TOOL.test(name))) return { text: 'Title' };
    tools = offered;
    results = resultsIn(request);
    const turn = typeof script === 'function' ? script : (script[results.length] ?? { text: 'The script is over.' });
    return typeof turn === 'function' ? turn(results) : turn;
  };
  const server = createServer((request, response) => {
    void reply(request, response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the scripted model has no port');
  return {
    files: { 'chatLanguageModels.json': JSON.stringify(modelGroups(address.port)) },
    selector: { vendor: VENDOR, id: ID },
    tools: () => tools,
    results: () => results,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A model group of one's own lifts the need to sign in. */
function modelGroups(port: number): unknown {
  const url = `http://127.0.0.1:${port}/v1/chat/completions`;
  const abilities = { toolCalling: true, vision: false, maxInputTokens: 100_000, maxOutputTokens: 8000 };
  const models = [{ id: ID, name: 'Scripted', url, ...abilities }];
  return [{ vendor: VENDOR, name: 'Scripted', apiKey: 'none', apiType: 'chat-completions', models }];
}

/** The results since the person last spoke. */
function resultsIn({ messages }: Request): readonly string[] {
  const start = messages.findLastIndex(({ role }) => role === 'user') + 1;
  return messages.slice(start).flatMap(({ role, content }) => (role === 'tool' ? [plain(content)] : []));
}

function plain(content: z.infer<typeof Content>): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text).join('');
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: Request) => Promise<Reply>,
): Promise<void> {
  const parsed = Request.safeParse(parseJson(await text(request)));
  if (!parsed.success) {
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: parsed.error }));
    return;
  }
  const said = await answer(parsed.data);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (delta: unknown, reason: string | null): void => {
    const choice = { index: 0, delta, finish_reason: reason };
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 0, model: ID, choices: [choice] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  if ('text' in said) {
    send({ role: 'assistant', content: said.text }, null);
    send({}, 'stop');
  } else {
    const call = { name: said.tool, arguments: JSON.stringify(said.arguments) };
    const id = `call-${String(parsed.data.messages.length)}`;
    send({ role: 'assistant', tool_calls: [{ index: 0, id, type: 'function', function: call }] }, null);
    send({}, 'tool_calls');
  }
  response.end('data: [DONE]\n\n');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
