import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock, type Clock } from '../../src/base/clock.ts';
import type { Disposable } from '../../src/base/disposable.ts';
import { silentLog } from '../../src/base/log.ts';
import { JobId } from '../../src/domain/ids.ts';
import { openGuestDoor, type GuestDoor } from '../../src/guest/door.ts';
import { remoteRelay, type RemoteRelay } from '../../src/guest/remoteRelay.ts';
import { newToken } from '../../src/http/guard.ts';
import { listen, type Listener } from '../../src/http/listener.ts';
import type { RelayChange } from '../../src/protocol/change.ts';
import type { Relay } from '../../src/protocol/relay.ts';
import { MemoryRelay } from '../fixtures/memoryRelay.ts';
import { call } from '../http/call.ts';

const token = newToken();
const spec = { task: { title: 'Rename the thing' } };
const nobody = JobId.parse('z'.repeat(16));

interface Host {
  readonly relay: MemoryRelay;
  readonly door: GuestDoor;
  readonly listener: Listener;
  close(): Promise<void>;
}

const hosts: Host[] = [];
const guests: Disposable[] = [];
afterEach(async () => {
  for (const guest of guests.splice(0)) guest.dispose();
  for (const host of hosts.splice(0)) await host.close();
});

async function host(options: { clock?: Clock; relay?: MemoryRelay } = {}): Promise<Host> {
  const { clock = systemClock, relay = new MemoryRelay() } = options;
  const door = openGuestDoor({ relay, clock, log: silentLog, mostPendingBytes: 64 * 1024 });
  const listener = await listen({ areas: [{ token, routes: door.routes }], log: silentLog, clock });
  if (!listener.ok) throw new Error(listener.error.message);
  const close = async (): Promise<void> => {
    door.dispose();
    await listener.value.close();
  };
  const opened = { relay, door, listener: listener.value, close };
  hosts.push(opened);
  return opened;
}

function join(url: string, extra: { token?: string; clock?: Clock } = {}): RemoteRelay {
  const guest = remoteRelay({ url, token, clock: systemClock, log: silentLog, ...extra });
  guests.push(guest);
  return guest;
}

async function submitted(relay: Relay): Promise<JobId> {
  const result = await relay.submit({ spec, workspace: '/repo', origin: 'cli' });
  if (!result.ok) throw new Error(result.error.message);
  return result.value.jobId;
}

/** Resolves once, with what the guest is told of its loss. */
function loss(guest: RemoteRelay): Promise<string> {
  return new Promise((resolve) => guest.onLost(resolve));
}

describe('a guest', () => {
  it('gets of every call what the host itself gets', async () => {
    const { relay, listener } = await host();
    const guest = join(listener.url);
    const jobId = await submitted(guest);
    expect(relay.jobs.get(jobId)?.input).toEqual({ spec, workspace: '/repo', origin: 'cli' });
    const pairs = async (ask: (one: Relay) => Promise<unknown>): Promise<void> => {
      const [near, far] = [await ask(relay), await ask(guest)];
      expect(near).toMatchObject({ ok: true });
      expect(far).toEqual(near);
    };
    await pairs((one) => one.get({ jobId }));
    await pairs((one) => one.find({ prefix: jobId.slice(0, 5) }));
    await pairs((one) => one.list({ limit: 5, offset: 0, state: 'QUEUED' }));
    await pairs((one) => one.events({ jobId }));
    await pairs((one) => one.log({ jobId, offset: 3, maxBytes: 5 }));
    await pairs((one) => one.apply({ jobId, origin: 'cli', dryRun: true }));
    await pairs((one) => one.activity({}));
    expect(await guest.cancel({ jobId, origin: 'cli' })).toEqual({ ok: true, value: { ok: true, state: 'CANCELED' } });
    await pairs((one) => one.cancel({ jobId, origin: 'cli' }));
    const again = await guest.retry({ jobId, origin: 'cli' });
    expect(again).toMatchObject({ ok: true, value: { deduplicated: false, state: 'QUEUED' } });
    relay.move(jobId, 'CANCELED', { 'logs.txt': Buffer.from([0xff, 0x00, 0x0a]) });
    await pairs((one) => one.artifact({ jobId, name: 'logs.txt', offset: 1, maxBytes: 10 }));
  });

  it('gets the errors as they are', async () => {
    const { relay, listener } = await host();
    const guest = join(listener.url);
    expect(await guest.get({ jobId: nobody })).toEqual(await relay.get({ jobId: nobody }));
    expect(await guest.undo({ jobId: nobody, origin: 'cli' })).toMatchObject({ ok: false, error: { kind: 'blocked' } });
  });

  it('hears of all changes, in order, and one stream serves all its listeners', async () => {
    const { relay, door, listener } = await host();
    const guest = join(listener.url);
    const heard: RelayChange[] = [];
    const again: RelayChange[] = [];
    const near: RelayChange[] = [];
    relay.onChange((change) => near.push(change));
    guest.onChange((change) => heard.push(change));
    guest.onChange((change) => again.push(change));
    const jobId = await submitted(guest);
    for (let bytes = 1; bytes <= 500; bytes += 1) relay.emit({ kind: 'log', jobId, bytes });
    relay.move(jobId, 'RUNNING');
    const done = new Promise((resolve) => guest.onChange((change) => change.kind === 'job' && resolve(change)));
    relay.move(jobId, 'SUCCEEDED');
    await done;
    expect(heard).toEqual(near);
    expect(again).toEqual(near);
    expect(heard).toHaveLength(503);
    expect(door.guests()).toBe(1);
  });

  it('misses nothing between its subscription and its next call', async () => {
    const { relay, listener } = await host();
    const guest = join(listener.url);
    const jobId = await submitted(relay);
    const heard = new Promise<RelayChange>((resolve) => guest.onChange(resolve));
    // The call waits until the stream is open: what follows its answer is heard.
    expect(await guest.get({ jobId })).toMatchObject({ ok: true, value: { state: 'QUEUED' } });
    relay.move(jobId, 'RUNNING');
    expect(await heard).toMatchObject({ kind: 'job', jobId, state: 'RUNNING' });
  });

  it('closes its stream with its last listener, and opens it again for the next', async () => {
    const { relay, door, listener } = await host();
    const guest = join(listener.url);
    const lost: string[] = [];
    guest.onLost((why) => lost.push(why));
    const listening = guest.onChange(() => undefined);
    await guest.activity({});
    expect(door.guests()).toBe(1);
    listening.dispose();
    const heard = new Promise<RelayChange>((resolve) => guest.onChange(resolve));
    await guest.activity({});
    relay.emit({ kind: 'log', jobId: nobody, bytes: 7 });
    expect(await heard).toMatchObject({ bytes: 7 });
    expect(lost).toEqual([]);
  });

  it('is told once when the host goes, and every call says so from then on', async () => {
    const opened = await host();
    const guest = join(opened.listener.url);
    const told: string[] = [];
    guest.onLost((why) => told.push(why));
    guest.onChange(() => undefined);
    await guest.activity({});
    const lost = loss(guest);
    await opened.close();
    expect(await lost).toContain('stream');
    expect(await guest.activity({})).toMatchObject({ ok: false, error: { kind: 'closing' } });
    expect(told).toHaveLength(1);
    // Who asks late hears it too.
    expect(await loss(guest)).toBe(told[0]);
  });

  it('learns by a refused call that no host is there', async () => {
    const opened = await host();
    await opened.close();
    const guest = join(opened.listener.url);
    const lost = loss(guest);
    expect(await guest.activity({})).toMatchObject({ ok: false, error: { kind: 'closing' } });
    expect(await lost).toContain('ECONNREFUSED');
  });

  it('learns that another host is there now', async () => {
    const { listener } = await host();
    const stranger = join(listener.url, { token: newToken() });
    expect(await stranger.activity({})).toMatchObject({ ok: false, error: { kind: 'closing' } });
    expect(await loss(stranger)).toContain('401');
    const listening = join(listener.url, { token: newToken() });
    listening.onChange(() => undefined);
    expect(await loss(listening)).toContain('401');
  });

  it('gives up a call that the host never answers', async () => {
    class SilentRelay extends MemoryRelay {
      override activity(): Promise<never> {
        return new Promise(() => undefined);
      }
    }
    const { listener } = await host({ relay: new SilentRelay() });
    const clock = new ManualClock();
    const guest = join(listener.url, { clock });
    const answer = guest.activity({});
    await Promise.resolve();
    clock.advance(300_000);
    const late = await answer;
    expect(late).toMatchObject({ ok: false, error: { kind: 'closing' } });
    expect(JSON.stringify(late)).toContain('within 300 s');
  });

  it('says that an input is too large for one call, and goes on', async () => {
    const { listener } = await host();
    const guest = join(listener.url);
    const huge = { task: { title: 'x', description: 'x'.repeat(5 * 1024 * 1024) } };
    const refused = await guest.submit({ spec: huge, workspace: '/repo', origin: 'cli' });
    expect(refused).toMatchObject({ ok: false, error: { kind: 'invalid' } });
    expect(JSON.stringify(refused)).toContain('4 MiB');
    expect(await guest.activity({})).toMatchObject({ ok: true });
  });

  it('is silent and answers `closing` after dispose', async () => {
    const { relay, listener } = await host();
    const guest = join(listener.url);
    const heard: unknown[] = [];
    guest.onChange((change) => heard.push(change));
    guest.onLost((why) => heard.push(why));
    await guest.activity({});
    guest.dispose();
    relay.emit({ kind: 'log', jobId: nobody, bytes: 1 });
    expect(await guest.activity({})).toMatchObject({ ok: false, error: { kind: 'closing' } });
    expect(heard).toEqual([]);
  });
});

describe('the host’s door', () => {
  const headers = { authorization: `Bearer ${token}` };
  const post = async (port: number, body: string): Promise<unknown> =>
    JSON.parse((await call({ port, method: 'POST', path: '/relay', headers, body })).text);

  it('names the wrong fields and the unknown ones', async () => {
    const { listener, relay } = await host();
    const input = { spec: { task: { titel: 'x' } }, workspace: 5, origin: 'cli' };
    const answer = await post(listener.port, JSON.stringify({ call: 'submit', input }));
    expect(answer).toMatchObject({ ok: false, error: { kind: 'invalid' } });
    const text = JSON.stringify(answer);
    for (const part of ['spec.task.title: is missing', 'spec.task.titel: unknown field', 'workspace: expected string'])
      expect(text).toContain(part);
    expect(relay.jobs.size).toBe(0);
  });

  it('refuses what is no call', async () => {
    const { listener } = await host();
    for (const body of ['', 'x', '[]', '{}', '{"call":"toString","input":{}}', '{"call":"onChange","input":{}}'])
      expect(await post(listener.port, body), body).toMatchObject({ ok: false, error: { kind: 'invalid' } });
  });

  it('keeps an exception inside', async () => {
    class FaultyRelay extends MemoryRelay {
      override activity(): Promise<never> {
        return Promise.reject(new Error('secret of the inside'));
      }
    }
    const { listener } = await host({ relay: new FaultyRelay() });
    const answer = await post(listener.port, '{"call":"activity","input":{}}');
    expect(answer).toMatchObject({ ok: false, error: { kind: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  it('keeps a silent stream alive by the clock', async () => {
    const clock = new ManualClock();
    const { listener } = await host({ clock });
    const sent = request({ host: '127.0.0.1', port: listener.port, path: '/relay/changes', headers, agent: false });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    clock.advance(15_000);
    const [first] = (await once(response, 'data')) as [Buffer];
    clock.advance(15_000);
    const [second] = (await once(response, 'data')) as [Buffer];
    expect(first.toString('utf8') + second.toString('utf8')).toBe(': keep-alive\n\n: keep-alive\n\n');
    sent.destroy();
  });

  it('cuts a reader off that does not read, and no other', async () => {
    const { relay, door, listener } = await host();
    const quick = join(listener.url);
    quick.onChange(() => undefined);
    await quick.activity({});
    const sent = request({ host: '127.0.0.1', port: listener.port, path: '/relay/changes', headers, agent: false });
    sent.on('error', () => undefined);
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    response.pause();
    expect(door.guests()).toBe(2);
    // The kernel's buffers take some megabytes before anything piles up here.
    for (let round = 0; round < 2000 && door.guests() === 2; round += 1) {
      for (let bytes = 0; bytes < 50; bytes += 1) relay.emit({ kind: 'log', jobId: nobody, bytes });
      await new Promise((resolve) => setImmediate(resolve));
      await quick.activity({});
    }
    expect(door.guests()).toBe(1);
    expect(await quick.activity({})).toMatchObject({ ok: true });
    sent.destroy();
  });

  it('lets go of the relay when it closes', async () => {
    const opened = await host();
    expect(opened.relay.listeners).toBe(1);
    await opened.close();
    expect(opened.relay.listeners).toBe(0);
  });
});
