import { describe, expect, it } from 'vitest';
import { newJobId } from '../../../src/domain/ids.ts';
import type { AcpScript } from '../../fixtures/acpAgent.ts';
import { answers, errorOf, go } from './bed.ts';

const thread = { sessionId: 'session-of-before' };
const said = (text: string) => ({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } });
const cost = (amount: number) => ({ sessionUpdate: 'usage_update', cost: { amount, currency: 'USD' } });

const EARLIER = {
  jobId: newJobId(),
  task: { title: 'Say good morning' },
  files: [],
  fileCount: 0,
} as const;

describe('an ACP agent that goes on in a session', () => {
  it('loads it in the slot of now, and the prompt leaves out what it remembers', async () => {
    const before = { earlier: [{ ...EARLIER, isHere: true }] };
    const went = await go({ load: { answer: null } }, { request: { thread, ...before } });
    expect(answers(went)).toEqual([
      { method: 'session/load', params: { sessionId: thread.sessionId, cwd: went.directory, mcpServers: [] } },
    ]);
    const prompt = went.done.ok ? (went.done.value.prompt ?? '') : '';
    expect(prompt).toContain('You go on from your own earlier work');
    expect(prompt).not.toContain('Say good morning');
    expect(went.done).toMatchObject({ ok: true, value: { sessionId: thread.sessionId } });
  });

  it('takes nothing that was said before for what is said now', async () => {
    const script: AcpScript = {
      load: { updates: [said('{"edits":[]}'), said('Old words.'), cost(2)], answer: {} },
      steps: [
        { do: 'say', text: 'New words.' },
        { do: 'update', update: cost(2.5) },
      ],
    };
    const { done, log } = await go(script, { request: { thread } });
    expect(done).toMatchObject({ ok: true, value: { usage: { costUsd: 0.5 } } });
    expect(log.join('\n')).toContain('New words.');
    expect(log.join('\n')).not.toContain('Old words.');
  });

  it('tells no cost where nobody knows what the session had cost before', async () => {
    const script: AcpScript = { load: { answer: {} }, steps: [{ do: 'update', update: cost(2.5) }] };
    const { done } = await go(script, { request: { thread } });
    expect(done.ok && done.value.usage?.costUsd).toBe(undefined);
  });

  it('signs in first where the agent asks for it', async () => {
    const script: AcpScript = { load: { answer: {} }, signIn: 'works', authMethods: [{ id: 'key', name: 'Key' }] };
    const went = await go(script, { auth: 'key', request: { thread } });
    expect(answers(went)).toMatchObject([{ method: 'session/load' }]);
  });

  it('says that the thread is gone where the agent loads none, or not this one', async () => {
    expect(errorOf(await go({}, { request: { thread } }))).toMatchObject({ kind: 'threadGone' });
    const error = { code: -32002, message: 'Resource not found' };
    const refused = await go({ load: { error } }, { request: { thread } });
    expect(errorOf(refused)).toMatchObject({
      kind: 'threadGone',
      message: expect.stringContaining('Resource not found') as string,
    });
  });
});
