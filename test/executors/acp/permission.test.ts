import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Ask } from '../../../src/domain/executor.ts';
import type { Step } from '../../fixtures/acpAgent.ts';
import { scratch } from '../../process/running.ts';
import { answers, errorOf, go } from './bed.ts';

const options = [
  { optionId: 'always', name: 'Always', kind: 'allow_always' },
  { optionId: 'once', name: 'Once', kind: 'allow_once' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
  { optionId: 'never', name: 'Never', kind: 'reject_always' },
];

function permit(toolCall: Readonly<Record<string, unknown>>, offered: readonly unknown[] = options): Step {
  const call = { toolCallId: 'c', title: 'do it', ...toolCall };
  return { do: 'ask', method: 'session/request_permission', params: { toolCall: call, options: offered } };
}

const selected = (optionId: string) => ({ result: { outcome: { outcome: 'selected', optionId } } });
const canceled = { result: { outcome: { outcome: 'cancelled' } } };

type Terms = Parameters<typeof go>[1];

async function answerTo(toolCall: Readonly<Record<string, unknown>>, terms: Terms = {}): Promise<unknown> {
  return answers(await go({ steps: [permit(toolCall)] }, terms))[0];
}

describe('leave that an agent asks for', () => {
  it.each(['edit', 'delete', 'move'])(
    'is given within the slot, and refused outside and where the task may only read: %s',
    async (kind) => {
      const directory = await scratch();
      const inside = { kind, locations: [{ path: join(directory, 'a.js') }] };
      const outside = { kind, locations: [{ path: join(directory, 'a.js') }, { path: '/etc/passwd' }] };
      const went = await go(
        { steps: [permit(inside), permit(outside), permit({ ...inside, locations: [{ path: '.git/config' }] })] },
        { directory, permissions: 'refuse' },
      );
      expect(answers(went)).toEqual([selected('once'), selected('no'), selected('no')]);
      const readOnly = { directory, permissions: 'allow', execution: { sandbox: 'read-only' } } as const;
      expect(await answerTo(inside, readOnly)).toEqual(selected('no'));
    },
  );

  it('takes the paths of a diff for those of an edit', async () => {
    const content = [{ type: 'diff', path: '../elsewhere', oldText: 'a', newText: 'b' }];
    expect(await answerTo({ kind: 'edit', content }, { permissions: 'allow' })).toEqual(selected('no'));
  });

  it.each(['execute', 'fetch', 'other', 'of_tomorrow', undefined])(
    'is by the setting for all else: %s',
    async (kind) => {
      const toolCall = kind === undefined ? {} : { kind };
      expect(await answerTo(toolCall, { permissions: 'allow' })).toEqual(selected('once'));
      expect(await answerTo(toolCall, { permissions: 'refuse' })).toEqual(selected('no'));
    },
  );

  it('is given to read and search in the slot, and never to change the mode', async () => {
    expect(await answerTo({ kind: 'search' }, { permissions: 'refuse' })).toEqual(selected('once'));
    expect(await answerTo({ kind: 'read', locations: [{ path: '/etc/passwd' }] }, { permissions: 'refuse' })).toEqual(
      selected('no'),
    );
    expect(await answerTo({ kind: 'switch_mode' }, { permissions: 'allow' })).toEqual(selected('no'));
  });

  it('is asked of a person, with the command in the question', async () => {
    for (const [answer, option] of [
      ['allow', 'once'],
      ['refuse', 'no'],
    ] as const) {
      const asked: Ask[] = [];
      const ask = (question: Ask): Promise<string> => {
        asked.push(question);
        return Promise.resolve(answer);
      };
      const toolCall = { kind: 'execute', title: 'Run the tests', rawInput: { command: ['npm', 'test'] } };
      expect(await answerTo(toolCall, { context: { ask } })).toEqual(selected(option));
      expect(asked).toEqual([
        {
          text: 'tiny asks for leave (execute): Run the tests: npm test',
          choices: ['allow', 'refuse'],
          fallback: 'refuse',
          personsOnly: true,
        },
      ]);
    }
  });

  it('is refused where nobody answers', async () => {
    expect(await answerTo({ kind: 'execute' })).toEqual(selected('no'));
  });

  it('knows a call by what was told of it before', async () => {
    const directory = await scratch();
    const told = {
      sessionUpdate: 'tool_call',
      toolCallId: 'c',
      title: 'Write',
      kind: 'edit',
      locations: [{ path: join(directory, 'a') }],
    };
    const asks = {
      do: 'ask',
      method: 'session/request_permission',
      params: { toolCall: { toolCallId: 'c' }, options },
    } as const;
    const went = await go({ steps: [{ do: 'update', update: told }, asks] }, { directory, permissions: 'refuse' });
    expect(answers(went)).toEqual([selected('once')]);
    expect(went.log).toContain('allowed: Write');
  });

  it('is never given for good', async () => {
    const offered = options.filter(({ kind }) => kind === 'allow_always' || kind === 'reject_always');
    const went = await go({ steps: [permit({ kind: 'execute' }, offered)] }, { permissions: 'allow' });
    expect(answers(went)).toEqual([canceled]);
  });

  it('is withdrawn when the job is canceled while it is asked', async () => {
    const abort = new AbortController();
    const ask = (): Promise<string> => {
      abort.abort();
      return new Promise(() => undefined);
    };
    const went = await go(
      { steps: [permit({ kind: 'execute' }), { do: 'deaf' }] },
      { context: { ask, signal: abort.signal } },
    );
    expect(errorOf(went)).toEqual({ kind: 'aborted' });
  });
});
