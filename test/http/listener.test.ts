import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock, type Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import { silentLog } from '../../src/base/log.ts';
import { newToken } from '../../src/http/guard.ts';
import { LARGEST_BODY, listen, type Listener } from '../../src/http/listener.ts';
import type { Route } from '../../src/http/route.ts';
import { call } from './call.ts';

const token = newToken();
const bearer = { authorization: `Bearer ${token}` };

const routes: readonly Route[] = [
  {
    methods: ['POST', 'GET'],
    path: '/echo',
    handle: (request, response, body) => void response.end(`${request.method ?? ''} ${body.toString('utf8')}`),
  },
  {
    methods: ['GET'],
    path: '/stream',
    handle(_request, response) {
      response.setHeader('content-type', 'text/event-stream');
      response.write('data: 1\n\n');
    },
  },
  { methods: ['GET'], path: '/silence', handle: () => undefined },
  { methods: ['GET'], path: '/fault', handle: () => Promise.reject(new Error('secret of the inside')) },
];

const otherToken = newToken();
const otherRoutes: readonly Route[] = [
  { methods: ['GET'], path: '/other', handle: (_request, response) => void response.end('other') },
];
const areas = [
  { token, routes },
  { token: otherToken, routes: otherRoutes },
];

const open: Listener[] = [];
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close();
});

async function start(clock: Clock = systemClock, log: Log = silentLog): Promise<Listener> {
  const listener = await listen({ areas, log, clock, graceMs: 200 });
  if (!listener.ok) throw new Error(listener.error.message);
  open.push(listener.value);
  return listener.value;
}

describe('the guard', () => {
  it('lets a request in that names the listener, with the token', async () => {
    const { port } = await start();
    const answer = await call({ port, method: 'POST', path: '/echo?x=1', headers: bearer, body: 'hello' });
    expect(answer).toMatchObject({ status: 200, text: 'POST hello' });
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`])
      expect(await call({ port, path: '/echo', headers: { ...bearer, host } })).toMatchObject({ status: 200 });
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`])
      expect(await call({ port, path: '/echo', headers: { ...bearer, origin } })).toMatchObject({ status: 200 });
  });

  it('refuses every other Host, even with the token', async () => {
    const { port } = await start();
    const near = [`evil.example:${port}`, `127.0.0.1:${port}.evil.example`, `[::1]:${port}`, `127.0.0.1:${port + 1}`];
    for (const host of ['evil.example', '127.0.0.1', 'localhost', ...near])
      expect((await call({ port, path: '/echo', headers: { ...bearer, host } })).status, host).toBe(403);
  });

  it('refuses every other Origin, even with the token', async () => {
    const { port } = await start();
    const origins = ['null', 'https://evil.example', `https://127.0.0.1:${port}`, 'http://localhost', ''];
    for (const origin of [...origins, `http://127.0.0.1:${port + 1}`, `http://127.0.0.1:${port}/`])
      expect((await call({ port, path: '/echo', headers: { ...bearer, origin } })).status, origin).toBe(403);
  });

  it('refuses a missing or wrong token, and never tells it', async () => {
    const { port } = await start();
    const wrong = [undefined, '', 'Bearer', 'Bearer ', `Basic ${token}`, token, `Bearer ${token}x`, 'Bearer x'];
    for (const authorization of [...wrong, `Bearer ${token.slice(0, -1)}`, `Bearer ${token} ${token}`]) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await call({ port, path: '/echo', headers });
      expect(answer.status, authorization).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      expect(answer.text).not.toContain(token);
      expect(answer.text.trimEnd()).not.toContain('\n');
      expect(answer.text).toMatch(/^\{"error":".*token.*"\}\n$/);
    }
  });

  it('looks at the Host first, then the Origin, then the token, then the path', async () => {
    const { port } = await start();
    const foreign = { host: 'evil.example', origin: 'null' };
    expect((await call({ port, path: '/nowhere', headers: foreign })).text).toContain('Host');
    expect((await call({ port, path: '/nowhere', headers: { origin: 'null' } })).status).toBe(403);
    expect((await call({ port, path: '/nowhere' })).status).toBe(401);
  });

  it('opens with a token what is behind that token alone', async () => {
    const { port } = await start();
    const other = { authorization: `Bearer ${otherToken}` };
    expect(await call({ port, path: '/other', headers: other })).toMatchObject({ status: 200, text: 'other' });
    expect((await call({ port, path: '/other', headers: bearer })).status).toBe(401);
    expect((await call({ port, path: '/echo', headers: other })).status).toBe(401);
    const lost = await call({ port, path: '/nowhere', headers: other });
    expect(lost.status).toBe(404);
    expect(lost.text).not.toContain('/echo');
  });

  it('answers 404 with the paths and 405 with the methods', async () => {
    const { port } = await start();
    const lost = await call({ port, path: '/echo/', headers: bearer });
    expect(lost.status).toBe(404);
    expect(lost.text).toContain('/echo, /stream');
    const wrong = await call({ port, method: 'PUT', path: '/echo', headers: bearer, body: 'x' });
    expect(wrong).toMatchObject({ status: 405, headers: { allow: 'POST, GET' } });
  });

  it('takes a body of the limit', async () => {
    const { port } = await start();
    const body = Buffer.alloc(LARGEST_BODY, 'x');
    const answer = await call({ port, method: 'POST', path: '/echo', headers: bearer, body });
    expect(answer.status).toBe(200);
    expect(answer.text.length).toBe(LARGEST_BODY + 'POST '.length);
  });

  it('refuses a body by its Content-Length before a byte of it has come', async () => {
    const { port } = await start();
    const headers = { ...bearer, 'content-length': LARGEST_BODY + 1 };
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/echo', headers, agent: false });
    sent.on('error', () => undefined);
    sent.flushHeaders();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    expect(response.headers.connection).toBe('close');
    response.resume();
    await once(response, 'close');
    sent.destroy();
  });

  it('refuses a body that grows past the limit, and the sender still gets the answer', async () => {
    const { port } = await start();
    const headers = { ...bearer, 'transfer-encoding': 'chunked' };
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/echo', headers, agent: false });
    const closed = once(sent, 'close');
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    for (let part = 0; part < 12; part += 1) sent.write(Buffer.alloc(1024 * 1024));
    sent.end();
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    expect(response.headers.connection).toBe('close');
    response.resume();
    await closed;
  });

  it('cuts the connection of a refused sender that never stops', async () => {
    const clock = new ManualClock();
    const { port } = await start(clock);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST /echo HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 10\r\n\r\nab`);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString('utf8')).toContain('401');
    const closed = once(socket, 'close');
    clock.advance(1000);
    await closed;
  });
});

describe('the listener', () => {
  it('listens on the loopback address alone, on any free port or the one that is given', async () => {
    const first = await start();
    expect(first.url).toBe(`http://127.0.0.1:${first.port}`);
    const taken = await listen({ port: first.port, areas, log: silentLog, clock: systemClock });
    expect(taken).toMatchObject({ ok: false, error: { kind: 'listen' } });
    expect(JSON.stringify(taken)).toContain('is taken');
  });

  it('answers 500 to a fault, says where to look, and keeps the inside in the log', async () => {
    const said: string[] = [];
    const { port } = await start(systemClock, {
      write: (_level, message, fields) => void said.push(message + JSON.stringify(fields)),
    });
    const answer = await call({ port, path: '/fault', headers: bearer });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(said.join()).toContain('secret of the inside');
    expect(said.join()).not.toContain(token);
  });

  it('closes at once when nothing is open, though a client keeps its connection', async () => {
    const listener = await start(new ManualClock());
    const socket = connect(listener.port, '127.0.0.1');
    socket.write(`GET /echo HTTP/1.1\r\nHost: 127.0.0.1:${listener.port}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await listener.close();
    await closed;
    await expect(call({ port: listener.port })).rejects.toThrow('ECONNREFUSED');
  });

  it('ends event streams when it closes, without waiting for the grace', async () => {
    const listener = await start(new ManualClock());
    const streaming = call({ port: listener.port, path: '/stream', headers: bearer });
    const sent = request({ host: '127.0.0.1', port: listener.port, path: '/stream', headers: bearer, agent: false });
    sent.end();
    await once(sent, 'response');
    await listener.close();
    expect((await streaming).text).toBe('data: 1\n\n');
    sent.destroy();
  });

  it('cuts what is still unanswered after the grace', async () => {
    const clock = new ManualClock();
    const listener = await start(clock);
    const path = '/silence';
    const silent = call({ port: listener.port, path, headers: bearer }).catch((error: unknown) => String(error));
    await call({ port: listener.port, path: '/echo', headers: bearer });
    const closed = listener.close();
    clock.advance(200);
    await closed;
    expect(await silent).toContain('socket hang up');
  });
});

describe('newToken', () => {
  it('is 32 random bytes', () => {
    expect(newToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(newToken()).not.toBe(newToken());
  });
});
