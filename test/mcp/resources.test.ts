import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import { MOST_WATCHES, Watches } from '../../src/mcp/watches.ts';
import { openEndpoint, type Connection, type Endpoint } from './endpoint.ts';

let endpoint: Endpoint;
let connection: Connection;
beforeEach(async () => {
  endpoint = await openEndpoint();
  connection = await endpoint.connect();
});
afterEach(() => endpoint.close());

const nobody = 'z'.repeat(16);
const statusOf = (jobId: string): string => `mcp://jobs/${jobId}/status`;

async function submitted(title = 'Rename the thing'): Promise<JobId> {
  const result = await endpoint.relay.submit({ spec: { task: { title } }, workspace: '/repo', origin: 'cli' });
  if (!result.ok) throw new Error(result.error.message);
  return result.value.jobId;
}

describe('resources', () => {
  it('lists the newest jobs and the artifacts of those that have ended', async () => {
    const [first, second] = [await submitted('one'), await submitted('two')];
    endpoint.relay.move(first, 'RUNNING', { 'logs.txt': 'so far' });
    endpoint.relay.move(second, 'SUCCEEDED', { 'patch.diff': 'diff', 'out.md': '# done' });
    const { resources } = await connection.client.listResources();
    expect(resources.map((resource) => resource.uri)).toEqual([
      statusOf(second),
      `mcp://jobs/${second}/artifacts/patch.diff`,
      `mcp://jobs/${second}/artifacts/out.md`,
      statusOf(first),
    ]);
    expect(resources[1]).toMatchObject({ mimeType: 'text/x-diff', size: 4, title: 'patch.diff of two' });
  });

  it('lists 100 jobs at most', async () => {
    for (let count = 0; count < 105; count += 1) await submitted(`job ${count}`);
    const { resources } = await connection.client.listResources();
    expect(resources).toHaveLength(100);
    expect(resources[0]?.title).toContain('job 104');
  });

  it('has a template for each kind', async () => {
    const { resourceTemplates } = await connection.client.listResourceTemplates();
    expect(resourceTemplates.map((template) => template.uriTemplate)).toEqual([
      'mcp://jobs/{jobId}/status',
      'mcp://jobs/{jobId}/artifacts/{name}',
    ]);
  });

  it('reads a status as what jobs_get gives', async () => {
    const jobId = await submitted();
    const { contents } = await connection.client.readResource({ uri: statusOf(jobId) });
    const view = endpoint.relay.jobs.get(jobId)?.view;
    expect(contents).toEqual([{ uri: statusOf(jobId), mimeType: 'application/json', text: JSON.stringify(view) }]);
  });

  it('reads an artifact wholly, as text where it is text and as bytes where it is not', async () => {
    const jobId = await submitted();
    const latin = Buffer.from([0x2b, 0xe9, 0x0a]);
    const long = 'é'.repeat(1_000_000);
    endpoint.relay.move(jobId, 'SUCCEEDED', { 'patch.diff': latin, 'logs.txt': long, 'out.md': '' });
    const read = async (name: string): Promise<unknown> =>
      (await connection.client.readResource({ uri: `mcp://jobs/${jobId}/artifacts/${name}` })).contents[0];
    expect(await read('logs.txt')).toMatchObject({ mimeType: 'text/plain', text: long });
    expect(await read('patch.diff')).toMatchObject({ mimeType: 'text/x-diff', blob: latin.toString('base64') });
    expect(await read('out.md')).toMatchObject({ mimeType: 'text/markdown', text: '' });
  });

  it('points to the tool for what is too large for one message', async () => {
    const jobId = await submitted();
    endpoint.relay.move(jobId, 'SUCCEEDED', { 'logs.txt': Buffer.alloc(5 * 1024 * 1024, 'x') });
    const uri = `mcp://jobs/${jobId}/artifacts/logs.txt`;
    await expect(connection.client.readResource({ uri })).rejects.toThrow(/-32602.*jobs_artifact/);
  });

  it('answers -32002 to what is not there', async () => {
    const jobId = await submitted();
    const none = [
      'file:///etc/passwd',
      statusOf(nobody),
      statusOf('UP'),
      `${statusOf(jobId)}/`,
      `mcp://jobs/${jobId}/artifacts/out.md`,
      `mcp://jobs/${jobId}/artifacts/../status`,
      `mcp://jobs/${jobId}`,
    ];
    for (const uri of none)
      await expect(connection.client.readResource({ uri }), uri).rejects.toMatchObject({ code: -32002 });
  });
});

describe('subscriptions', () => {
  it('push each change of the status, and the artifacts once the job has ended', async () => {
    const jobId = await submitted();
    const patch = `mcp://jobs/${jobId}/artifacts/patch.diff`;
    await connection.client.subscribeResource({ uri: statusOf(jobId) });
    await connection.client.subscribeResource({ uri: patch });
    endpoint.relay.move(jobId, 'RUNNING');
    expect(await connection.pushed(1)).toEqual([statusOf(jobId)]);
    endpoint.relay.move(jobId, 'SUCCEEDED', { 'patch.diff': 'diff' });
    expect(await connection.pushed(3)).toEqual([statusOf(jobId), statusOf(jobId), patch]);
  });

  it('are each session’s own', async () => {
    const other = await endpoint.connect();
    const [mine, theirs] = [await submitted(), await submitted()];
    await connection.client.subscribeResource({ uri: statusOf(mine) });
    await other.client.subscribeResource({ uri: statusOf(theirs) });
    endpoint.relay.move(mine, 'RUNNING');
    endpoint.relay.move(theirs, 'RUNNING');
    endpoint.relay.move(mine, 'FAILED');
    endpoint.relay.move(theirs, 'FAILED');
    expect(await connection.pushed(2)).toEqual([statusOf(mine), statusOf(mine)]);
    expect(await other.pushed(2)).toEqual([statusOf(theirs), statusOf(theirs)]);
  });

  it('stop with unsubscribe, and say nothing of logs', async () => {
    const [first, second] = [await submitted(), await submitted()];
    await connection.client.subscribeResource({ uri: statusOf(first) });
    await connection.client.subscribeResource({ uri: statusOf(second) });
    await connection.client.unsubscribeResource({ uri: statusOf(first) });
    endpoint.relay.move(first, 'RUNNING');
    endpoint.relay.emit({ kind: 'log', jobId: second, bytes: 5 });
    endpoint.relay.move(second, 'RUNNING');
    expect(await connection.pushed(1)).toEqual([statusOf(second)]);
  });

  it('are refused for what is not there', async () => {
    for (const uri of ['file:///etc/passwd', statusOf(nobody)])
      await expect(connection.client.subscribeResource({ uri }), uri).rejects.toMatchObject({ code: -32002 });
  });
});

describe('watches', () => {
  it('keep one entry a URI while nobody listens', async () => {
    const jobId = await submitted();
    const watches = new Watches();
    watches.add(statusOf(jobId));
    for (let stateVersion = 1; stateVersion < 1000; stateVersion += 1)
      watches.note({ kind: 'job', jobId, state: 'RUNNING', stateVersion, seq: stateVersion, at: 0 });
    expect([watches.take(), watches.take()]).toEqual([statusOf(jobId), undefined]);
    watches.noteAll();
    expect([watches.take(), watches.take()]).toEqual([statusOf(jobId), undefined]);
  });

  it('are capped', () => {
    const watches = new Watches();
    for (let count = 0; count < MOST_WATCHES; count += 1) expect(watches.add(`mcp://${count}`)).toBe(true);
    expect(watches.add('mcp://more')).toBe(false);
    expect(watches.add('mcp://0')).toBe(true);
    watches.remove('mcp://0');
    expect(watches.add('mcp://more')).toBe(true);
  });
});
