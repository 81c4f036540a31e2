import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { chatCompletions } from './chatCompletions.ts';
import { generateContent } from './generateContent.ts';
import { messages } from './messages.ts';
import { written, type Protocol } from './protocol.ts';
import { responses } from './responses.ts';
import type { Conversation, Request, Script, Turn } from './script.ts';

export interface ScriptedModel {
  /** `http://127.0.0.1:<port>`; the protocols are told apart by the path. */
  readonly url: string;
  /** All that was asked, in order. */
  readonly requests: readonly Request[];
  /** Resolves once a turn of the script was asked for. */
  readonly asked: Promise<void>;
  close(): Promise<void>;
}

export interface ModelOptions {
  /** Whether a conversation takes a turn of the script; others (a title, a summary) get one word. Default: it offers tools. */
  readonly takesTurn?: (conversation: Conversation) => boolean;
}

const protocols: readonly Protocol[] = [responses, messages, chatCompletions, generateContent];
const ASIDE: Turn = { kind: 'answer', text: 'Title' };
const OVER: Turn = { kind: 'answer', text: 'The script is over.' };

/** A model that says what a test tells it to, on loopback, by each of the protocols that the programs speak. */
export async function startModel(script: Script, options: ModelOptions = {}): Promise<ScriptedModel> {
  const takesTurn = options.takesTurn ?? (({ tools }) => tools.length > 0);
  const requests: Request[] = [];
  let tellAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => (tellAsked = resolve));
  let turns = 0;
  const next = async (conversation: Conversation): Promise<Turn> => {
    if (!takesTurn(conversation)) return ASIDE;
    const turn = typeof script === 'function' ? script : (script[Math.min(turns, script.length - 1)] ?? OVER);
    turns++;
    tellAsked();
    return typeof turn === 'function' ? turn(conversation) : turn;
  };
  const server = createServer((incoming, response) => {
    void answer(incoming, response, requests, next);
  });
  // Codex asks for a WebSocket where its provider is OpenAI's own, and takes this answer as a no for good.
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the scripted model has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    asked,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  requests: Request[],
  next: (conversation: Conversation) => Promise<Turn>,
): Promise<void> {
  const { method = '', url = '/' } = incoming;
  const path = new URL(url, 'http://127.0.0.1').pathname;
  const body = parsed(await text(incoming));
  const protocol = method === 'POST' ? protocols.find((one) => one.path.test(path)) : undefined;
  const conversation = protocol?.read(body, path);
  requests.push({
    method,
    path: url,
    headers: plain(incoming),
    body,
    ...(conversation === undefined ? {} : { conversation }),
  });
  if (protocol === undefined || conversation === undefined) {
    const status = protocol === undefined ? 404 : 400;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"not of the script"}}');
    return;
  }
  const turn = await next(conversation);
  take(turn, { conversation, count: requests.length, protocol, isWhole: protocol.isWhole?.(path) ?? false }, response);
}

interface Asked {
  readonly conversation: Conversation;
  /** Which request it is, from 1. */
  readonly count: number;
  readonly protocol: Protocol;
  readonly isWhole: boolean;
}

function take(turn: Turn, { conversation, count, protocol, isWhole }: Asked, to: ServerResponse): void {
  switch (turn.kind) {
    case 'answer': {
      const events = protocol.stream(turn, conversation, count);
      if (isWhole) to.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(events[0]?.data));
      else begin(to).end(events.map(written).join(''));
      return;
    }
    case 'refusal':
      to.writeHead(turn.status, { 'content-type': 'application/json', ...turn.headers });
      to.end(JSON.stringify(protocol.error(turn)));
      return;
    case 'malformed': {
      const [first, second = ''] = words(protocol, conversation, count);
      begin(to).end(`${first ?? ''}${second.slice(0, second.length / 2)}\n\n`);
      return;
    }
    case 'cut':
      begin(to).end(words(protocol, conversation, count).slice(0, -2).join(''));
      return;
    case 'silent':
  }
}

function words(protocol: Protocol, conversation: Conversation, count: number): readonly string[] {
  return protocol.stream({ kind: 'answer', text: 'These words are cut off.' }, conversation, count).map(written);
}

function begin(to: ServerResponse): ServerResponse {
  return to.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
}

function plain({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(headers);
  return Object.fromEntries(
    entries.map(([name, value = '']) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
