import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openReceiver } from '../fixtures/receiver.ts';
import { write } from '../fixtures/repository.ts';
import { Bed } from './bed.ts';

it('signs webhooks by the secret in a file, which is said nowhere', async () => {
  const world = new Bed();
  const receiver = await openReceiver();
  write(world.root, { secret: 'a secret of theirs\n', 'spec.json': specWith(`${receiver.url}/x`) });
  const host = await world.serve('--webhook-secret-file', join(world.root, 'secret'));
  const done = await world.run(['submit', '--spec', join(world.root, 'spec.json'), '--wait', '--json']);
  expect(done.code).toBe(0);
  await receiver.heard(1);
  const { headers, body = '' } = receiver.received[0] ?? {};
  const timestamp = String(headers?.['x-relay-timestamp']);
  const byHand = createHmac('sha256', 'a secret of theirs').update(`${timestamp}.${body}`).digest('hex');
  expect(headers?.['x-relay-signature']).toBe(`sha256=${byHand}`);
  host.running.child.kill('SIGTERM');
  const ran = await host.running.done;
  expect(ran.code).toBe(0);
  expect(ran.stdout + ran.stderr).not.toContain('a secret of theirs');
  await receiver.close();
});

it('tells a webhook before a host in the background takes itself for idle', async () => {
  const world = new Bed();
  const receiver = await openReceiver();
  receiver.script = (response, number) => void response.writeHead(number === 1 ? 500 : 204).end();
  write(world.root, { 'spec.json': specWith(receiver.url) });
  const host = await world.serve('--idle-exit', '1');
  const submitted = await world.run(['submit', '--spec', join(world.root, 'spec.json')]);
  expect(submitted.code).toBe(0);
  await receiver.heard(2);
  expect((await host.running.done).code).toBe(0);
  expect(receiver.received[0]?.headers['x-relay-signature']).toBeUndefined();
  await receiver.close();
});

it.each([
  [['--webhook-secret-file', '/nonexistent'], /"\/nonexistent" of --webhook-secret-file cannot be read/],
  [['--webhook-secret-file', '/dev/null'], /"\/dev\/null" of --webhook-secret-file is empty/],
])('refuses a secret that is none: %j', async (args, why) => {
  const done = await new Bed().run(['serve', ...args]);
  expect(done.code).toBe(2);
  expect(done.stderr).toMatch(why);
});

it('refuses a webhook that is neither https nor near, without its path', async () => {
  const world = new Bed();
  write(world.root, { 'spec.json': specWith('http://example.org/T0/token') });
  const done = await world.run(['submit', '--spec', join(world.root, 'spec.json')]);
  expect(done.code).toBe(2);
  expect(done.stderr).toContain('notify.webhook ("http://example.org") is neither https nor http on this machine');
  expect(done.stderr).not.toContain('token');
});

function specWith(webhook: string): string {
  return JSON.stringify({ task: { title: 'A task' }, execution: { command: 'echo x > x.txt' }, notify: { webhook } });
}
