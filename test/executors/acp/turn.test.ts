import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { procfs } from '../../../src/process/procfs.ts';
import { scratch } from '../../process/running.ts';
import { answers, errorOf, go } from './bed.ts';

const methods = [
  { id: 'key', name: 'API key' },
  { id: 'web', name: 'Log in', description: 'by a browser' },
];
const chooses = {
  modes: {
    currentModeId: 'default',
    availableModes: [
      { id: 'default', name: 'D' },
      { id: 'plan', name: 'P' },
    ],
  },
  configOptions: [
    {
      id: 'm',
      name: 'Model',
      category: 'model',
      type: 'select',
      currentValue: 'a',
      options: [
        { value: 'a', name: 'A' },
        { value: 'b', name: 'B' },
      ],
    },
  ],
};

describe('a turn of an ACP agent', () => {
  it('reports what it was told: last message, session, version, tokens, cost', async () => {
    const went = await go({
      steps: [
        { do: 'say', text: 'First ' },
        { do: 'say', text: 'words.' },
        {
          do: 'update',
          update: { sessionUpdate: 'tool_call', toolCallId: '1', title: 'Look', kind: 'read', status: 'pending' },
        },
        {
          do: 'update',
          update: { sessionUpdate: 'usage_update', used: 5, size: 9, cost: { amount: 0.25, currency: 'USD' } },
        },
        { do: 'say', text: 'It says hi.' },
      ],
      answer: { usage: { inputTokens: 10, outputTokens: 3, cachedReadTokens: 2, totalTokens: 13 } },
    });
    expect(went.done).toEqual({
      ok: true,
      value: {
        summary: 'It says hi.',
        sessionId: 'session-1',
        version: 'tiny 1.2.3',
        usage: { inputTokens: 10, outputTokens: 3, cachedInputTokens: 2, costUsd: 0.25, turns: 1 },
        prompt: expect.stringContaining('# Say hi') as string,
      },
    });
    expect(went.log).toEqual(['agent: tiny 1.2.3', 'First words.', 'read: Look', 'It says hi.']);
  });

  it('shows tools, edits, failures, thoughts and plans for a person, and passes over what it does not know', async () => {
    const { log, done } = await go({
      steps: [
        { do: 'think', text: 'why '.repeat(100) },
        {
          do: 'update',
          update: {
            sessionUpdate: 'plan',
            entries: [
              { content: 'a', status: 'completed', priority: 'low' },
              { content: 'b', status: 'pending', priority: 'low' },
            ],
          },
        },
        {
          do: 'update',
          update: {
            sessionUpdate: 'tool_call',
            toolCallId: '1',
            title: 'Write greet.js',
            kind: 'edit',
            status: 'in_progress',
            locations: [{ path: 'greet.js' }],
          },
        },
        {
          do: 'update',
          update: {
            sessionUpdate: 'tool_call_update',
            toolCallId: '1',
            status: 'completed',
            content: [{ type: 'diff', path: 'greet.js', oldText: null, newText: 'x' }],
          },
        },
        { do: 'update', update: { sessionUpdate: 'tool_call', toolCallId: '2', title: 'npm test', kind: 'execute' } },
        {
          do: 'update',
          update: {
            sessionUpdate: 'tool_call_update',
            toolCallId: '2',
            status: 'failed',
            content: [{ type: 'content', content: { type: 'text', text: 'no tests' } }],
          },
        },
        { do: 'update', update: { sessionUpdate: 'of_tomorrow', what: 1 } },
        { do: 'update', update: { sessionUpdate: 'plan', entries: 'of another shape' } },
        { do: 'print', text: 'a warning of some library' },
        { do: 'print', text: '{"jsonrpc":"2.0","id":99,"result":{}}' },
        { do: 'say', text: 'Done.' },
      ],
    });
    expect(done).toMatchObject({ ok: true, value: { summary: 'Done.' } });
    expect(log.slice(1)).toEqual([
      expect.stringMatching(/^thinks: (?:why )+…$/) as string,
      'plan: [x] a; [ ] b',
      'edit: Write greet.js (greet.js)',
      'edit: greet.js',
      'execute: npm test',
      'failed: npm test: no tests',
      'Done.',
    ]);
  });

  it('keeps order and memory over 10,000 updates', async () => {
    const { done, context } = await go({ steps: [{ do: 'flood', count: 10_000 }] });
    const said = done.ok ? (done.value.summary ?? '') : '';
    expect(said.split(' ')).toEqual(Array.from({ length: 10_000 }, (_, n) => String(n)));
    expect(context.raw.length).toBeGreaterThan(10_000);
  });

  it('logs what is no message on stdout, and goes on', async () => {
    const { done, context } = await go({
      steps: [
        { do: 'print', text: 'loading {' },
        { do: 'say', text: 'Hi.' },
      ],
    });
    expect(done).toMatchObject({ ok: true, value: { summary: 'Hi.' } });
    expect(context.events).toContainEqual({ stream: 'stdout', text: 'loading {' });
  });

  it('ends an agent that stays, and what fled from it', async () => {
    const { done, context } = await go({ lingers: true, steps: [{ do: 'say', text: 'Hi.' }] });
    expect(done).toMatchObject({ ok: true });
    expect(await procfs.marked(context.env['RELAY_ATTEMPT'] ?? '')).toEqual([]);
  });

  it('sets mode and model where the agent offers them, and says which it offers where not', async () => {
    const steps = [{ do: 'ask', method: 'fs/read_text_file', params: { path: 'none' } }] as const;
    const set = await go({ session: chooses, steps }, { mode: 'plan', execution: { preferredModel: 'b' } });
    expect(answers(set).slice(0, 2)).toEqual([
      { method: 'session/set_mode', params: { sessionId: 'session-1', modeId: 'plan' } },
      { method: 'session/set_config_option', params: { sessionId: 'session-1', configId: 'm', value: 'b' } },
    ]);
    const older = { models: { currentModelId: 'x', availableModels: [{ modelId: 'x', name: 'X' }] } };
    expect(answers(await go({ session: older, steps }, { model: 'x' }))[0]).toEqual({
      method: 'session/set_model',
      params: { sessionId: 'session-1', modelId: 'x' },
    });
    expect(errorOf(await go({ session: chooses }, { mode: 'yolo' }))).toEqual({
      kind: 'unavailable',
      message:
        'The agent "tiny" has no mode "yolo" (it offers: default, plan). Set another in the settings of executors.',
    });
    expect(errorOf(await go({}, { model: 'x' }))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('no model "x" (it offers no choice of a model)') as string,
    });
  });

  it('asks for a proposal where the task may only read, with the schema of it', async () => {
    const { done } = await go(
      { steps: [{ do: 'say', text: '```json\n{"edits":[]}\n```' }] },
      { execution: { sandbox: 'read-only' } },
    );
    expect(done).toMatchObject({ ok: true, value: { proposal: '```json\n{"edits":[]}\n```' } });
    const prompt = done.ok ? (done.value.prompt ?? '') : '';
    expect(prompt).toContain('you may only read there');
    expect(prompt).toContain('"oldText"');
  });
});

describe('what an adapter says behind the model', () => {
  const behind = (text: string) => {
    const content = { type: 'text', text: '**Warning:** something changes.' };
    const update = { sessionUpdate: 'agent_message_chunk', content, messageId: 'other' };
    return {
      steps: [
        { do: 'say', text },
        { do: 'update', update },
      ],
    } as const;
  };

  it('is neither the proposal nor the summary', async () => {
    const edited = await go(behind('It says hi.'));
    expect(edited.done).toMatchObject({ ok: true, value: { summary: 'It says hi.' } });
    const proposed = await go(behind('{"edits":[]}'), { execution: { sandbox: 'read-only' } });
    expect(proposed.done).toMatchObject({ ok: true, value: { proposal: '{"edits":[]}' } });
  });
});

describe('an ACP agent that writes though it may only read', () => {
  const readOnly = { execution: { sandbox: 'read-only' } } as const;

  it.each(['kept', 'made', '.hidden'])('fails, with what it wrote: %s', async (name) => {
    const directory = await scratch();
    await writeFile(join(directory, 'kept'), 'as it was');
    const disk = { do: 'disk', path: join(directory, name), content: 'as it was' } as const;
    const went = await go({ steps: [disk, { do: 'say', text: '{}' }] }, { ...readOnly, directory });
    expect(errorOf(went)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining(`though the task may only read: ${name}. `) as string,
    });
  });

  it('may touch its git directory, which is not looked at', async () => {
    const directory = await scratch();
    await mkdir(join(directory, '.git'));
    const disk = { do: 'disk', path: join(directory, '.git', 'x'), content: '' } as const;
    expect((await go({ steps: [disk, { do: 'say', text: '{}' }] }, { ...readOnly, directory })).done).toMatchObject({
      ok: true,
    });
  });
});

describe('an ACP agent that does not do', () => {
  it('is not there', async () => {
    expect(errorOf(await go({}, { command: ['no-such-agent', '--acp'] }))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('no-such-agent was not found') as string,
    });
  });

  it('ends before it greets, or in the middle of its turn', async () => {
    expect(errorOf(await go({ dies: true }))).toEqual({
      kind: 'failed',
      message: 'The agent "tiny" ended before its turn did, with exit code 2. It said: no such option',
    });
    expect(errorOf(await go({ steps: [{ do: 'say', text: 'x' }, { do: 'crash' }] }))).toEqual({
      kind: 'failed',
      message: 'The agent "tiny" ended before its turn did, with exit code 3. It said: the agent fell over',
    });
  });

  it('is no agent at all', async () => {
    expect(errorOf(await go({}, { command: ['echo', 'hello'] }))).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('It said: hello') as string,
    });
    expect(errorOf(await go({}, { command: ['cat'] }))).toMatchObject({ kind: 'failed' });
  });

  it('speaks another version', async () => {
    expect(errorOf(await go({ version: 2 }))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('speaks version 2') as string,
    });
  });

  it('asks for a sign-in: it is done by the method that is set, and else told how', async () => {
    const signed = await go(
      { signIn: 'works', authMethods: methods, steps: [{ do: 'say', text: 'Hi.' }] },
      { auth: 'key' },
    );
    expect(signed.done).toMatchObject({ ok: true });
    const none = errorOf(await go({ signIn: 'works', authMethods: methods }));
    expect(none).toEqual({
      kind: 'unavailable',
      message:
        'The agent "tiny" asks for a sign-in. It said: Authentication required. Sign in with the program itself. ' +
        'It offers these methods for "auth" in the settings of executors: key (API key), web (Log in).',
    });
    const fails = errorOf(await go({ signIn: 'fails', authMethods: methods }, { auth: 'key' }));
    expect(fails).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('no luck with key') as string,
    });
  });

  it.each([
    [{ code: 429, message: 'Slow down' }, 'limited'],
    [{ code: -32603, message: 'Internal error', data: { details: '429 Too Many Requests' } }, 'limited'],
    [{ code: 429, message: 'You exceeded your current quota (insufficient_quota)' }, 'unavailable'],
    [{ code: -32603, message: 'Internal error', data: 'Disk quota exceeded' }, 'failed'],
    [{ code: -32603, message: 'API Error: 401 The key is not valid.' }, 'unavailable'],
    [{ code: -32000, message: 'Authentication required' }, 'unavailable'],
    [{ code: -32603, message: 'Internal error', data: '500 The server had an error.' }, 'failed'],
  ])('tells errors of its provider apart: %j', async (failure, kind) => {
    const error = errorOf(await go({ steps: [{ do: 'fail', ...failure }] }));
    expect(error.kind).toBe(kind);
    expect(JSON.stringify(error)).toContain(failure.message);
  });

  it.each([
    ['refusal', 'refuses this task'],
    ['max_tokens', 'most tokens'],
    ['max_turn_requests', 'most requests'],
    ['cancelled', 'gave its turn up'],
    ['of_tomorrow', 'of_tomorrow'],
  ])('stops for another reason than its end: %s', async (stopReason, words) => {
    const error = errorOf(await go({ stopReason, steps: [{ do: 'say', text: 'Sorry.' }] }));
    expect(error).toMatchObject({
      kind: 'failed',
      message: expect.stringMatching(`${words}.*It said: Sorry\\.`) as string,
    });
  });

  it('ends its turn in good order, though its model was never heard', async () => {
    expect(errorOf(await go({}))).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('did not answer') as string,
    });
    const said = { steps: [{ do: 'say', text: 'unexpected status 500' }], answer: { usage: null } } as const;
    expect(errorOf(await go(said))).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('status 500') as string,
    });
  });
});

describe('canceling an ACP agent', () => {
  /** Aborts when the agent has said so. */
  async function canceled(step: 'wait' | 'deaf') {
    const abort = new AbortController();
    let at = 0;
    const went = await go(
      {
        steps: [
          { do: 'update', update: { sessionUpdate: 'plan', entries: [{ content: 'up', status: 'pending' }] } },
          { do: step },
        ],
        lingers: true,
      },
      {
        context: {
          signal: abort.signal,
          onLog: ({ text }) => {
            if (!text.startsWith('plan')) return;
            at = performance.now();
            abort.abort();
          },
        },
      },
    );
    return { ...went, took: performance.now() - at };
  }

  it.each(['wait', 'deaf'] as const)('ends its turn and its tree, whether it listens or not: %s', async (step) => {
    const { done, context, took } = await canceled(step);
    expect(done).toEqual({ ok: false, error: { kind: 'aborted' } });
    expect(await procfs.marked(context.env['RELAY_ATTEMPT'] ?? '')).toEqual([]);
    expect(took).toBeLessThan(step === 'wait' ? 3000 : 4000);
    // What was told by the agent itself: it had its chance.
    expect(context.raw.some((line) => 'text' in line && line.text.includes('"cancelled"'))).toBe(step === 'wait');
  });

  it('starts nothing where it was canceled before', async () => {
    const { done, context } = await go({}, { context: { signal: AbortSignal.abort() } });
    expect(done).toEqual({ ok: false, error: { kind: 'aborted' } });
    expect(context.raw.filter((line) => 'text' in line)).toEqual([]);
  });
});
