import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import { callTool, jobIdOf, openEndpoint, type Endpoint } from './endpoint.ts';

const endpoints: Endpoint[] = [];
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close();
});

interface Put {
  readonly params: unknown;
  readonly signal: AbortSignal;
  readonly reply: (result: ElicitResult) => void;
}

/** A client that can ask its user, and one job that it submitted. */
async function submitted(capabilities: object = { elicitation: {} }) {
  const endpoint = await openEndpoint();
  endpoints.push(endpoint);
  const client = new Client({ name: 'asks', version: '0' }, { capabilities });
  const puts: Put[] = [];
  let heard: () => void = () => undefined;
  if ('elicitation' in capabilities)
    client.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) => {
      const result = new Promise<ElicitResult>((reply) => puts.push({ params, signal, reply }));
      heard();
      return result;
    });
  await endpoint.connect(client);
  const answer = await callTool(client, 'jobs_submit', { spec: { task: { title: 'Mine' } } });
  const put = async (): Promise<Put> => {
    if (puts.length === 0) await new Promise<void>((resolve) => (heard = resolve));
    const first = puts.shift();
    if (first === undefined) throw new Error('nothing was put');
    return first;
  };
  return { ...endpoint, client, puts, put, jobId: jobIdOf(answer) };
}

/** Resolves when the job is no longer WAITING. */
function answered({ relay }: Endpoint, jobId: JobId): Promise<void> {
  return new Promise((resolve) => {
    const subscription = relay.onChange((change) => {
      if (change.kind !== 'job' || change.jobId !== jobId || change.state === 'WAITING') return;
      subscription.dispose();
      resolve();
    });
  });
}

describe('a question of a job that a session submitted', () => {
  it('is put to the user of its client, with the choices; what they accept is the answer', async () => {
    const session = await submitted();
    session.relay.ask(session.jobId);
    const { params, reply } = await session.put();
    expect(params).toMatchObject({
      message: 'The job "Mine" asks: Which?',
      requestedSchema: { properties: { answer: { type: 'string', enum: ['one', 'two'] } }, required: ['answer'] },
    });
    const over = answered(session, session.jobId);
    reply({ action: 'accept', content: { answer: 'two' } });
    await over;
    expect(session.relay.answers).toEqual([{ jobId: session.jobId, askId: 'ask', answer: 'two', origin: 'mcp' }]);
  });

  it('stays open where they decline, and is put again when it is asked again', async () => {
    const session = await submitted();
    session.relay.ask(session.jobId);
    (await session.put()).reply({ action: 'decline' });
    await session.client.ping();
    expect(session.relay.answers).toEqual([]);
    session.relay.ask(session.jobId, { askId: 'another', choices: [] });
    const { params, reply } = await session.put();
    expect(params).toMatchObject({ requestedSchema: { properties: { answer: { type: 'string' } } } });
    const over = answered(session, session.jobId);
    reply({ action: 'accept', content: { answer: 'whatever' } });
    await over;
    expect(session.relay.answers).toMatchObject([{ askId: 'another', answer: 'whatever' }]);
  });

  it('is taken back once somebody else has answered', async () => {
    const session = await submitted();
    session.relay.ask(session.jobId);
    const { signal } = await session.put();
    const canceled = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await session.relay.answer({ jobId: session.jobId, askId: 'ask', answer: 'one', origin: 'editor' });
    await canceled;
    expect(session.relay.answers).toHaveLength(1);
  });

  it('is for persons alone, or another session’s, or no client can ask: it is not put', async () => {
    const session = await submitted();
    session.relay.ask(session.jobId, { personsOnly: true });
    const other = await session.relay.submit({
      spec: { task: { title: 'Not mine' } },
      workspace: '/repo',
      origin: 'cli',
    });
    if (other.ok) session.relay.ask(other.value.jobId);
    const unable = await submitted({});
    unable.relay.ask(unable.jobId);
    for (const { client, puts } of [session, unable]) {
      await client.ping();
      expect(puts).toEqual([]);
    }
  });
});
