import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { disposable, type Disposable } from '../../src/base/disposable.ts';
import { jsonLog, silentLog } from '../../src/base/log.ts';
import { err, ok } from '../../src/base/result.ts';
import type { JobEvent } from '../../src/domain/event.ts';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import { viewOf } from '../../src/engine/views.ts';
import { Webhooks } from '../../src/engine/webhooks.ts';
import { JobView } from '../../src/protocol/jobView.ts';
import { relayError } from '../../src/protocol/relayError.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { Vault } from '../../src/store/vault.ts';
import { answering, openReceiver, type Receiver } from '../fixtures/receiver.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { assets, must } from '../fixtures/testHost.ts';
import { failed, leased, submitted, succeeded } from '../store/events.ts';

/** Knows what is waited for, in ms. */
class WatchedClock extends ManualClock {
  readonly armed: number[] = [];

  override after(ms: number, call: () => void): Disposable {
    const disarm = (): void => void this.armed.splice(this.armed.indexOf(ms), 1);
    this.armed.push(ms);
    let isArmed = true;
    const once = (): void => {
      if (isArmed) disarm();
      isArmed = false;
    };
    const timer = super.after(ms, () => {
      once();
      call();
    });
    return disposable(() => {
      once();
      timer.dispose();
    });
  }
}

let directory: string;
let store: JobStore;
let clock: WatchedClock;
let receiver: Receiver;
let complaints: string[];
let running: Webhooks[];

const open = async (): Promise<JobStore> => {
  const vault = new Vault(join(directory, 'vault'));
  return must(await openStore({ directory, assets, vault, log: silentLog }));
};

beforeEach(async () => {
  directory = temporaryDirectory();
  store = await open();
  clock = new WatchedClock();
  receiver = await openReceiver();
  complaints = [];
  running = [];
});

afterEach(async () => {
  for (const webhooks of running) webhooks.stop();
  await receiver.close();
  await store.close();
  removeDirectory(directory);
});

function start(secret?: string): Webhooks {
  const webhooks = new Webhooks({
    store,
    clock,
    log: jsonLog(
      (line) => complaints.push(line),
      () => 0,
      'warn',
    ),
    view: async (jobId) => {
      const job = await store.get(jobId);
      return job.ok ? ok(viewOf(job.value)) : err(relayError('notFound', 'no job'));
    },
    secret: () => Promise.resolve(secret),
  });
  webhooks.start();
  running.push(webhooks);
  return webhooks;
}

const append = async (jobId: JobId, event: JobEvent): Promise<void> =>
  void must(await store.append(jobId, event, clock.now()));

async function ended(last: JobEvent = succeeded(), webhook = `${receiver.url}/hook?k=v`): Promise<JobId> {
  const jobId = newJobId();
  const event = submitted();
  await append(jobId, { ...event, spec: { ...event.spec, notify: { webhook } } });
  if (last.type !== 'canceled' && last.type !== 'expired') await append(jobId, leased());
  await append(jobId, last);
  return jobId;
}

/** Moves time on, by the pauses between tries alone unless more is due, until the job's notice is noted. */
async function notified(jobId: JobId, due: () => readonly number[] = () => [2000, 8000]): Promise<JobEvent> {
  for (;;) {
    const entries = must(await store.events(jobId));
    const told = entries.find(({ event }) => event.type === 'notified');
    if (told !== undefined) return told.event;
    await new Promise((resolve) => setImmediate(resolve));
    const next = due().find((ms) => clock.armed.includes(ms));
    if (next !== undefined) clock.advance(next);
  }
}

describe('the end of a job', () => {
  it.each([
    ['SUCCEEDED', succeeded()],
    ['FAILED', failed()],
    ['CANCELED', { type: 'canceled', by: 'cli' }],
    ['EXPIRED', { type: 'expired' }],
  ] as const)('is told as the status object: %s', async (state, last) => {
    const webhooks = start();
    const jobId = await ended(last);
    await receiver.heard(1);
    expect(await notified(jobId)).toEqual({ type: 'notified', ok: true, tries: 1, status: 200 });
    const [sent] = receiver.received;
    expect(sent).toMatchObject({ method: 'POST', path: '/hook?k=v' });
    expect(JobView.parse(JSON.parse(sent?.body ?? ''))).toMatchObject({ jobId, state });
    expect(sent?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'task-relay' });
    expect(sent?.headers['x-relay-signature']).toBeUndefined();
    expect(webhooks.pending).toBe(0);
    expect(store.owing()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('is told of no job that has not asked', async () => {
    const webhooks = start();
    const jobId = newJobId();
    await append(jobId, submitted());
    await append(jobId, { type: 'canceled', by: 'cli' });
    expect(webhooks.pending).toBe(0);
    expect(store.owing()).toEqual([]);
  });

  it('is signed over time and body', async () => {
    start('a secret of theirs');
    const jobId = await ended();
    await notified(jobId);
    const [sent] = receiver.received;
    const at = (name: string): string => {
      const names = (sent?.rawHeaders ?? []).map((header) => header.toLowerCase());
      expect(names.filter((one) => one === name)).toHaveLength(1);
      return sent?.rawHeaders[names.indexOf(name) + 1] ?? '';
    };
    const timestamp = at('x-relay-timestamp');
    expect(Math.abs(Number(timestamp) * 1000 - clock.now())).toBeLessThan(60_000);
    const byHand = createHmac('sha256', 'a secret of theirs')
      .update(`${timestamp}.${sent?.body ?? ''}`)
      .digest('hex');
    expect(at('x-relay-signature')).toBe(`sha256=${byHand}`);
    expect(at('x-relay-delivery')).toMatch(new RegExp(`^${jobId}-\\d+$`));
    expect(Number(at('content-length'))).toBe(Buffer.byteLength(sent?.body ?? ''));
    expect(JSON.stringify(sent)).not.toContain('a secret of theirs');
  });
});

describe('a receiver that does not take it', () => {
  it('is asked again after a pause, with the same id and a new time', async () => {
    const times: number[] = [];
    receiver.script = (response, number) => {
      times.push(clock.now());
      answering(500, 503)(response, number);
    };
    start('s');
    const jobId = await ended();
    expect(await notified(jobId)).toEqual({ type: 'notified', ok: true, tries: 3, status: 200 });
    expect(receiver.received).toHaveLength(3);
    const header = (name: string) => receiver.received.map(({ headers }) => headers[name]);
    expect(new Set(header('x-relay-delivery')).size).toBe(1);
    expect(new Set(header('x-relay-timestamp')).size).toBe(3);
    expect(new Set(header('x-relay-signature')).size).toBe(3);
    const [first = 0, second = 0, third = 0] = times;
    expect([second - first, third - second]).toEqual([2000, 8000]);
  });

  it('is left alone after three tries, and the log says so without the URL', async () => {
    receiver.script = answering(500, 404, 502);
    start('hush');
    const jobId = await ended(succeeded(), `${receiver.url}/T0/token`);
    expect(await notified(jobId)).toEqual({ type: 'notified', ok: false, tries: 3, status: 502 });
    expect(receiver.received).toHaveLength(3);
    expect(complaints.join('')).toContain(jobId);
    expect(complaints.join('')).not.toMatch(/token|hush/);
    expect(store.owing()).toEqual([]);
  });

  it('is not followed where it sends elsewhere', async () => {
    const other = await openReceiver();
    receiver.script = (response) => void response.writeHead(307, { location: other.url }).end();
    start();
    const jobId = await ended();
    expect(await notified(jobId)).toEqual({ type: 'notified', ok: false, tries: 3, status: 307 });
    expect(other.received).toEqual([]);
    await other.close();
  });

  it('is waited for 10 s each time, where it hangs', async () => {
    const times: number[] = [];
    let hanging = false;
    receiver.script = () => {
      times.push(clock.now());
      hanging = true;
    };
    start();
    const jobId = await ended();
    const due = (): readonly number[] => {
      const isHung = hanging;
      hanging = false;
      return isHung ? [10_000] : [2000, 8000];
    };
    const began = clock.now();
    expect(await notified(jobId, due)).toEqual({ type: 'notified', ok: false, tries: 3 });
    expect(times.map((at) => at - began)).toEqual([0, 12_000, 30_000]);
    expect(clock.now() - began).toBe(40_000);
  });

  it('is no harm where it is not there, speaks no TLS, or hangs up', async () => {
    start();
    const gone = await openReceiver();
    await gone.close();
    receiver.script = (response) => response.destroy();
    const jobs = [
      await ended(succeeded(), gone.url),
      await ended(succeeded(), receiver.url.replace('http', 'https')),
      await ended(),
    ];
    for (const jobId of jobs) expect(await notified(jobId)).toEqual({ type: 'notified', ok: false, tries: 3 });
  });

  it('is not listened to for ever', async () => {
    receiver.script = (response) => {
      response.writeHead(200);
      const flood = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
    };
    start();
    expect(await notified(await ended())).toEqual({ type: 'notified', ok: true, tries: 1, status: 200 });
  });
});

describe('a host that ends', () => {
  it('leaves to the next what it had not told, with the same id, and lets go at once', async () => {
    receiver.script = () => undefined;
    const first = start();
    const jobId = await ended();
    await receiver.heard(1);
    first.stop();
    expect(store.owing()).toEqual([jobId]);
    // However the record is packed meanwhile.
    must(await store.compact());
    await store.close();
    store = await open();
    expect(store.owing()).toEqual([jobId]);
    receiver.script = answering();
    start();
    expect(await notified(jobId)).toMatchObject({ ok: true, tries: 1 });
    const [before, after] = receiver.received;
    expect(after?.headers['x-relay-delivery']).toBe(before?.headers['x-relay-delivery']);
    must(await store.compact());
    await store.close();
    store = await open();
    expect(store.owing()).toEqual([]);
    start();
    expect(receiver.received).toHaveLength(2);
  });

  it('holds up no other webhook by one that hangs', async () => {
    const other = await openReceiver();
    receiver.script = () => undefined;
    start();
    const jobs = await Promise.all([1, 2, 3].map(() => ended()));
    await receiver.heard(3);
    const quick = await ended(succeeded(), other.url);
    await other.heard(1);
    expect(await notified(quick)).toMatchObject({ ok: true });
    expect(store.owing()).toEqual(jobs);
    await other.close();
  });
});
