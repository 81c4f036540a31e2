import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { statusUri } from '../../src/protocol/resourceUri.ts';
import type { McpOptions } from '../../src/mcp/routes.ts';
import { MemoryRelay } from '../fixtures/memoryRelay.ts';
import { call, type Answer } from '../http/call.ts';
import { openEndpoint, token, type Endpoint } from './endpoint.ts';

const endpoints: Endpoint[] = [];
const streams: ClientRequest[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy();
  for (const endpoint of endpoints.splice(0)) await endpoint.close();
});

async function start(options: Partial<McpOptions> & { relay?: MemoryRelay } = {}): Promise<Endpoint> {
  const endpoint = await openEndpoint(options);
  endpoints.push(endpoint);
  return endpoint;
}

const headers = {
  authorization: `Bearer ${token}`,
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
};
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '0' } },
};
const ping = { jsonrpc: '2.0', id: 2, method: 'ping' };

interface Sending {
  readonly method?: string;
  readonly session?: string;
  readonly extra?: Readonly<Record<string, string>>;
}

function send(
  { listener }: Endpoint,
  message: unknown,
  { method = 'POST', session, extra }: Sending = {},
): Promise<Answer> {
  return call({
    port: listener.port,
    path: '/mcp',
    method,
    headers: { ...headers, ...(session === undefined ? {} : { 'mcp-session-id': session }), ...extra },
    ...(method === 'POST' ? { body: typeof message === 'string' ? message : JSON.stringify(message) } : {}),
  });
}

async function begin(endpoint: Endpoint): Promise<string> {
  const answer = await send(endpoint, initialize);
  expect(answer.status).toBe(200);
  return String(answer.headers['mcp-session-id']);
}

/** Opens the session's event stream by hand. */
async function stream(
  { listener }: Endpoint,
  session: string,
): Promise<{ sent: ClientRequest; response: IncomingMessage }> {
  const sent = request({
    host: '127.0.0.1',
    port: listener.port,
    path: '/mcp',
    headers: { authorization: headers.authorization, accept: 'text/event-stream', 'mcp-session-id': session },
    agent: false,
  });
  streams.push(sent);
  sent.on('error', () => undefined);
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return { sent, response };
}

async function submitted({ relay }: Endpoint): Promise<JobId> {
  const result = await relay.submit({ spec: { task: { title: 'x' } }, workspace: '/repo', origin: 'cli' });
  if (!result.ok) throw new Error(result.error.message);
  return result.value.jobId;
}

/** The URIs of the updates in an event stream's text. */
function updatesIn(text: string): readonly string[] {
  return [...text.matchAll(/"notifications\/resources\/updated","params":\{"uri":"([^"]+)"\}/g)].map(
    (match) => match[1] ?? '',
  );
}

describe('the endpoint', () => {
  it('stands behind the guard', async () => {
    const endpoint = await start();
    const as = async (extra: Record<string, string>): Promise<number> =>
      (await send(endpoint, initialize, { extra })).status;
    expect(await as({ authorization: 'Bearer wrong' })).toBe(401);
    expect(await as({ host: 'evil.example' })).toBe(403);
    expect(await as({ origin: 'https://evil.example' })).toBe(403);
    expect(await as({ origin: 'null' })).toBe(403);
    expect(endpoint.mcp.sessions()).toBe(0);
    expect((await send(endpoint, ' '.repeat(4 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await send(endpoint, undefined, { method: 'PUT' })).status).toBe(405);
  });

  it('answers in JSON and keeps the session apart from every other', async () => {
    const endpoint = await start();
    const first = await send(endpoint, initialize);
    expect(first.headers['content-type']).toContain('application/json');
    expect(JSON.parse(first.text)).toMatchObject({
      result: { protocolVersion: '2025-11-25', serverInfo: { name: 'task-relay' } },
    });
    const second = await begin(endpoint);
    expect(first.headers['mcp-session-id']).not.toBe(second);
    expect(endpoint.mcp.sessions()).toBe(2);
  });

  it('refuses what the protocol refuses', async () => {
    const endpoint = await start();
    const session = await begin(endpoint);
    const status = async (message: unknown, sending?: Sending): Promise<number> =>
      (await send(endpoint, message, sending)).status;
    expect(await status('{', { session })).toBe(400);
    expect(await status({ hello: 1 }, { session })).toBe(400);
    expect(await status(ping)).toBe(400);
    expect(await status([initialize, ping])).toBe(400);
    expect(await status(ping, { session: 'none' })).toBe(404);
    expect(await status(undefined, { method: 'GET', session: 'none' })).toBe(404);
    expect(await status(ping, { session, extra: { accept: 'application/json' } })).toBe(406);
    expect(await status(ping, { session, extra: { 'content-type': 'text/plain' } })).toBe(415);
    expect(await status(ping, { session, extra: { 'mcp-protocol-version': '1999-01-01' } })).toBe(400);
    expect(await status(initialize, { session })).toBe(400);
    expect(await status(ping, { session })).toBe(200);
    expect(endpoint.mcp.sessions()).toBe(1);
  });

  it('keeps no session of an initialize that was refused', async () => {
    const endpoint = await start();
    expect((await send(endpoint, initialize, { extra: { accept: 'text/html' } })).status).toBe(406);
    expect(endpoint.mcp.sessions()).toBe(0);
  });

  it('ends a session by DELETE, and knows it no more', async () => {
    const endpoint = await start();
    const session = await begin(endpoint);
    const { response } = await stream(endpoint, session);
    response.resume();
    const closed = once(response, 'close');
    expect((await send(endpoint, undefined, { method: 'DELETE', session })).status).toBe(200);
    await closed;
    expect((await send(endpoint, undefined, { method: 'DELETE', session })).status).toBe(404);
    expect((await send(endpoint, ping, { session })).status).toBe(404);
    expect(endpoint.mcp.sessions()).toBe(0);
  });

  it('ends a request that the end of its session leaves without an answer', async () => {
    class SilentRelay extends MemoryRelay {
      override list(): Promise<never> {
        return new Promise(() => undefined);
      }
    }
    const endpoint = await start({ relay: new SilentRelay() });
    const session = await begin(endpoint);
    const message = { jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'jobs_list', arguments: {} } };
    const silent = send(endpoint, message, { session });
    await send(endpoint, ping, { session });
    await send(endpoint, undefined, { method: 'DELETE', session });
    expect((await silent).status).toBe(404);
  });

  it('keeps an exception inside', async () => {
    class FaultyRelay extends MemoryRelay {
      override list(): Promise<never> {
        return Promise.reject(new Error('secret of the inside'));
      }
    }
    const endpoint = await start({ relay: new FaultyRelay() });
    const session = await begin(endpoint);
    const params = { name: 'jobs_list', arguments: {} };
    const answer = await send(endpoint, { jsonrpc: '2.0', id: 3, method: 'tools/call', params }, { session });
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: -32603 } });
    expect(answer.text).not.toContain('secret');
  });
});

describe('a session', () => {
  it('expires when nothing has come for the time, counted from the last request', async () => {
    const clock = new ManualClock();
    const endpoint = await start({ clock, idleMs: 1000 });
    const session = await begin(endpoint);
    clock.advance(999);
    expect((await send(endpoint, ping, { session })).status).toBe(200);
    clock.advance(999);
    expect(endpoint.mcp.sessions()).toBe(1);
    clock.advance(1);
    expect(endpoint.mcp.sessions()).toBe(0);
    expect((await send(endpoint, ping, { session })).status).toBe(404);
  });

  it('does not expire while its stream is open', async () => {
    const clock = new ManualClock();
    const endpoint = await start({ clock, idleMs: 1000 });
    const session = await begin(endpoint);
    const { sent } = await stream(endpoint, session);
    clock.advance(5000);
    expect((await send(endpoint, ping, { session })).status).toBe(200);
    sent.destroy();
    // The listener hears of the closed connection before it takes a new one.
    await begin(endpoint);
    clock.advance(1000);
    expect(endpoint.mcp.sessions()).toBe(0);
  });

  it('makes room for a new one when it has been idle longest; busy ones stay', async () => {
    const clock = new ManualClock();
    const endpoint = await start({ clock, mostSessions: 3 });
    const busy = await begin(endpoint);
    await stream(endpoint, busy);
    clock.advance(10);
    const older = await begin(endpoint);
    clock.advance(10);
    const newer = await begin(endpoint);
    clock.advance(10);
    const fourth = await begin(endpoint);
    expect((await send(endpoint, ping, { session: older })).status).toBe(404);
    for (const session of [busy, newer, fourth])
      expect((await send(endpoint, ping, { session })).status, session).toBe(200);
    await stream(endpoint, newer);
    await stream(endpoint, fourth);
    const refused = await send(endpoint, initialize);
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('3 clients are connected');
    expect(endpoint.mcp.sessions()).toBe(3);
  });

  it('has one stream at a time, and tells on the next what the last may have lost', async () => {
    const endpoint = await start();
    const session = await begin(endpoint);
    const jobId = await submitted(endpoint);
    const uri = statusUri(jobId);
    await send(endpoint, { jsonrpc: '2.0', id: 3, method: 'resources/subscribe', params: { uri } }, { session });
    // Nobody listens yet: the updates wait, one a URI.
    endpoint.relay.move(jobId, 'RUNNING');
    endpoint.relay.move(jobId, 'WAITING');
    const first = await stream(endpoint, session);
    expect(updatesIn(String((await once(first.response, 'data'))[0]))).toEqual([uri]);
    expect((await stream(endpoint, session)).response.statusCode).toBe(409);
    first.sent.destroy();
    await begin(endpoint);
    const second = await stream(endpoint, session);
    expect(second.response.statusCode).toBe(200);
    expect(updatesIn(String((await once(second.response, 'data'))[0]))).toEqual([uri]);
  });

  it('lets nothing pile up for a reader that does not read', async () => {
    const endpoint = await start();
    const session = await begin(endpoint);
    const watched = async (): Promise<JobId> => {
      const jobId = await submitted(endpoint);
      const params = { uri: statusUri(jobId) };
      await send(endpoint, { jsonrpc: '2.0', id: 3, method: 'resources/subscribe', params }, { session });
      return jobId;
    };
    const [chatty, last] = [await watched(), await watched()];
    const { response } = await stream(endpoint, session);
    response.pause();
    const rounds = 200_000;
    for (let round = 0; round < rounds; round += 1) {
      endpoint.relay.move(chatty, 'RUNNING');
      if (round % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    endpoint.relay.move(last, 'RUNNING');
    let text = '';
    response.setEncoding('utf8');
    for await (const part of response) {
      text += String(part);
      if (text.slice(-300).includes(last)) break;
    }
    const told = updatesIn(text);
    expect(told.at(-1)).toBe(statusUri(last));
    // What the kernel's buffers took, and no more.
    expect(told.length).toBeLessThan(rounds);
  });

  it('goes, with all others, when the endpoint is disposed', async () => {
    const endpoint = await start();
    const session = await begin(endpoint);
    const { response } = await stream(endpoint, session);
    response.resume();
    endpoint.mcp.dispose();
    await once(response, 'close');
    expect(endpoint.mcp.sessions()).toBe(0);
    expect(endpoint.relay.listeners).toBe(0);
  });
});
