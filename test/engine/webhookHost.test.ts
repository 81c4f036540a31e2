import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { JobEvent } from '../../src/domain/event.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { startChildHost } from '../fixtures/childHost.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { answering, openReceiver, type Receiver } from '../fixtures/receiver.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let repository: string;
let receiver: Receiver;

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  receiver = await openReceiver();
});
afterAll(async () => {
  await receiver.close();
  removeDirectory(directory);
});

const cache = (): string => join(directory, 'cache');
const open = (more: { allowCommands?: boolean; webhookSecret?: string } = {}): Promise<TestHost> =>
  openTestHost({ directory: repository, cache: cache(), ...more });

const told = async (host: TestHost, jobId: JobId): Promise<JobEvent | undefined> =>
  must(await host.relay.events({ jobId })).entries.find(({ event }) => event.type === 'notified')?.event;

it('tells a webhook what jobs_get gives, and the audit trail that it did', async () => {
  const host = await open({ webhookSecret: 'theirs' });
  const job = await host.run(command('echo x > x.txt', { notify: { webhook: `${receiver.url}/x` } }));
  await host.until(job.jobId, async () => (await told(host, job.jobId)) !== undefined);
  expect(await told(host, job.jobId)).toEqual({ type: 'notified', ok: true, tries: 1, status: 200 });
  const sent: unknown = JSON.parse(receiver.received.at(-1)?.body ?? '');
  // As it was at its end: the notice itself is one version more.
  const { stateVersion, ...view } = await host.view(job.jobId);
  expect(sent).toEqual({ ...view, stateVersion: stateVersion - 1 });
  expect(receiver.received.at(-1)?.headers['x-relay-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
  expect(must(await host.relay.activity({}))).toEqual({ live: 0 });
  await host.close();
  await expectNothingLeft(host.host.places);
});

it('goes down beside a receiver that hangs, and the next host tells it', async () => {
  receiver.script = () => undefined;
  const before = receiver.received.length;
  const first = await open();
  const job = await first.run(command('echo x > x.txt', { notify: { webhook: receiver.url } }));
  await receiver.heard(before + 1);
  expect(must(await first.relay.activity({}))).toEqual({ live: 1 });
  await first.close();
  await expectNothingLeft(first.host.places);
  receiver.script = answering();
  const second = await open();
  await receiver.heard(before + 2);
  await second.until(job.jobId, async () => (await told(second, job.jobId)) !== undefined);
  const [one, two] = receiver.received.slice(before);
  expect(two?.headers['x-relay-delivery']).toBe(one?.headers['x-relay-delivery']);
  await second.close();
});

it('is told by the next host where one was killed', async () => {
  receiver.script = () => undefined;
  const before = receiver.received.length;
  const child = await startChildHost({ directory: repository, cache: cache() });
  const { jobId } = await child.run(command('echo y > y.txt', { notify: { webhook: receiver.url } }));
  await receiver.heard(before + 1);
  await child.kill();
  receiver.script = answering();
  const next = await open();
  await next.until(jobId, async () => (await told(next, jobId)) !== undefined);
  expect(await told(next, jobId)).toMatchObject({ ok: true, tries: 1 });
  await next.close();
});

it("is not an agent's way out of the machine", async () => {
  const host = await open({ allowCommands: false });
  const spec = (webhook: string) => ({ task: { title: 't' }, execution: { executor: 'codex' }, notify: { webhook } });
  const refused = await host.submit(spec('https://example.org/T0/token'), { origin: 'mcp' });
  expect(refused).toMatchObject({ ok: false, error: { kind: 'refused' } });
  expect(!refused.ok && refused.error.message).toMatch(/on this machine alone.*"https:\/\/example\.org"/);
  expect(!refused.ok && refused.error.message).not.toContain('token');
  const near = await host.submit(spec(receiver.url), { origin: 'mcp' });
  expect(near.ok).toBe(true);
  if (near.ok) must(await host.relay.cancel({ jobId: near.value.jobId, origin: 'cli' }));
  await host.close();
});
