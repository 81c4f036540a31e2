import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { JobId } from '../../src/domain/ids.ts';
import { cutAt } from '../../src/mcp/utf8.ts';
import { callTool, jobIdOf, openEndpoint, type Connection, type Endpoint } from './endpoint.ts';

let endpoint: Endpoint;
let client: Connection['client'];
beforeEach(async () => {
  endpoint = await openEndpoint();
  ({ client } = await endpoint.connect());
  // A real client validates structuredContent only for tools that it has listed.
  await client.listTools();
});
afterEach(() => endpoint.close());

const spec = { task: { title: 'Rename the thing' } };
const task = { title: 'Say it in the docs too' };
const nobody = 'z'.repeat(16);

async function submitted(): Promise<JobId> {
  return jobIdOf(await callTool(client, 'jobs_submit', { spec }));
}

describe('tools/list', () => {
  it('introduces the relay and teaches its use', () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'task-relay', version: '1.2.3' });
    expect(client.getServerCapabilities()).toEqual({ tools: {}, resources: { subscribe: true } });
    const instructions = client.getInstructions() ?? '';
    expect(instructions.split('\n').length).toBeLessThanOrEqual(15);
    expect(Buffer.byteLength(instructions)).toBeLessThan(2048);
    for (const name of ['jobs_submit', 'jobs_get', 'jobs_artifact']) expect(instructions).toContain(name);
  });

  it('gives each tool a title, a description, both schemas and all hints', async () => {
    const { tools } = await client.listTools();
    const names = [
      'jobs_submit',
      'jobs_get',
      'jobs_list',
      'jobs_cancel',
      'jobs_artifact',
      'jobs_retry',
      'jobs_rebase',
      'jobs_follow_up',
      'jobs_answer',
      'jobs_executors',
      'jobs_usage',
      'jobs_plan',
    ];
    expect(tools.map((tool) => tool.name)).toEqual(names);
    for (const tool of tools) {
      expect(tool.title, tool.name).toBeTruthy();
      expect(Buffer.byteLength(tool.description ?? ''), tool.name).toBeLessThan(2048);
      expect(tool.description, tool.name).toContain('at once');
      expect(tool.inputSchema, tool.name).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.outputSchema, tool.name).toMatchObject({ type: 'object', additionalProperties: false });
      for (const hint of ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const)
        expect(tool.annotations?.[hint], `${tool.name} ${hint}`).toBeTypeOf('boolean');
    }
  });

  it('hints at what each tool may do', async () => {
    const { tools } = await client.listTools();
    const hints = Object.fromEntries(tools.map((tool) => [tool.name, tool.annotations]));
    for (const name of ['jobs_submit', 'jobs_retry', 'jobs_rebase', 'jobs_follow_up'])
      expect(hints[name]).toMatchObject({ readOnlyHint: false, destructiveHint: true, openWorldHint: true });
    for (const name of ['jobs_get', 'jobs_list', 'jobs_artifact', 'jobs_usage', 'jobs_plan'])
      expect(hints[name]).toMatchObject({ readOnlyHint: true, openWorldHint: false });
    expect(hints['jobs_cancel']).toMatchObject({ readOnlyHint: false, destructiveHint: true, idempotentHint: true });
  });

  it('tells the strict spec in the schema', async () => {
    const { tools } = await client.listTools();
    const submit = tools.find((tool) => tool.name === 'jobs_submit');
    expect(submit?.inputSchema).toMatchObject({
      required: ['spec'],
      properties: {
        spec: {
          required: ['task'],
          additionalProperties: false,
          properties: {
            execution: { additionalProperties: false, properties: { priority: { enum: ['P0', 'P1', 'P2'] } } },
          },
        },
      },
    });
    expect(JSON.stringify(submit?.inputSchema)).not.toContain(String(Number.MAX_SAFE_INTEGER));
  });
});

describe('jobs_usage', () => {
  it('gives what the relay knows, by day and executor, and the sum', async () => {
    const row = { day: '2026-01-01', executor: 'claude', attempts: 2, succeeded: 1, failed: 1 };
    endpoint.relay.used = [
      { ...row, inputTokens: 5, costUsd: 0.1, wallMs: 10 },
      { ...row, executor: 'command', wallMs: 3 },
      { ...row, day: '2026-01-02', inputTokens: 7, costUsd: 0.2, wallMs: 0 },
    ];
    const answer = await callTool(client, 'jobs_usage', { since: '2026-01-01', until: '2026-01-02' });
    expect(answer.isError).toBe(false);
    expect(answer.value).toEqual({
      rows: endpoint.relay.used,
      total: { attempts: 6, succeeded: 3, failed: 3, inputTokens: 12, costUsd: 0.3, wallMs: 13 },
    });
    expect(endpoint.relay.usageInput).toEqual({ since: '2026-01-01', until: '2026-01-02' });
  });

  it('refuses what is no day, by name', async () => {
    const answer = await callTool(client, 'jobs_usage', { since: 'last week' });
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain('since');
  });
});

describe('jobs_submit', () => {
  it('submits for the workspace, as an agent, and answers at once', async () => {
    const answer = await callTool(client, 'jobs_submit', { spec });
    expect(answer.isError).toBe(false);
    expect(answer.value).toMatchObject({ state: 'QUEUED', stateVersion: 1, deduplicated: false });
    expect(JSON.parse(answer.text)).toEqual(answer.value);
    const kept = endpoint.relay.jobs.get(jobIdOf(answer));
    expect(kept?.input).toEqual({ spec, workspace: '/repo', origin: 'mcp' });
  });

  it('takes the short form of a spec as it is, and the same key as the same job', async () => {
    const short = {
      repo: {
        type: 'git',
        url: 'https://github.com/user/repo.git',
        baseBranch: 'main',
        baselineCommit: 'a1b2c3d4'.repeat(5),
      },
      task: {
        title: 'Implement user authentication',
        description: 'Add JWT-based auth with refresh tokens',
        acceptance: ['Users can login with email/password', 'Tokens expire after 1 hour'],
      },
      execution: { preferredModel: 'gpt-4', priority: 'P1', ttlS: 3600 },
      idempotencyKey: 'auth-implementation-v1',
    };
    const first = await callTool(client, 'jobs_submit', { spec: short });
    expect(first).toMatchObject({ isError: false, value: { state: 'QUEUED', deduplicated: false } });
    expect(endpoint.relay.jobs.get(jobIdOf(first))?.input.spec).toEqual(short);
    const second = await callTool(client, 'jobs_submit', { spec: short });
    expect(second.value).toMatchObject({ jobId: first.value['jobId'], deduplicated: true });
  });

  it('names every wrong field, what was expected, and each unknown key', async () => {
    const wrong = {
      repo: { type: 'git', url: 'https://example.com/r.git', baseBranch: 'main', baselineCommit: 'abc123' },
      task: { titel: 'typo' },
      execution: { priority: 'P9', ttlS: '60', modle: 'x' },
      checks: [{ name: 'test' }],
      extra: 1,
    };
    const answer = await callTool(client, 'jobs_submit', { spec: wrong, force: true });
    expect(answer.isError).toBe(true);
    for (const part of [
      'spec.repo.baselineCommit: a full lower-case commit id of 40 (or 64) hex digits',
      'spec.task.title: is missing',
      'spec.task.titel: unknown field',
      'spec.execution.priority: Invalid option: expected one of "P0"|"P1"|"P2"',
      'spec.execution.ttlS: expected number, received string',
      'spec.execution.modle: unknown field',
      'spec.checks[0].run: is missing',
      'spec.extra: unknown field',
      '- force: unknown field',
    ])
      expect(answer.text).toContain(part);
    expect(endpoint.relay.jobs.size).toBe(0);
  });

  it('says of a missing spec and of a spec that is none what is wrong', async () => {
    expect(await callTool(client, 'jobs_submit', {})).toMatchObject({ isError: true });
    expect((await callTool(client, 'jobs_submit', { spec: 'do it' })).text).toContain('spec: expected object');
    expect((await callTool(client, 'jobs_submit', { spec: { ...spec, repo: { type: 'svn' } } })).text).toMatch(
      /spec\.repo\.type: .*'workspace' \| 'local' \| 'git'/,
    );
  });
});

describe('the other tools', () => {
  it('get: all of a job', async () => {
    const jobId = await submitted();
    const answer = await callTool(client, 'jobs_get', { jobId });
    expect(answer.value).toEqual(endpoint.relay.jobs.get(jobId)?.view);
    expect(JSON.parse(answer.text)).toEqual(answer.value);
    expect(answer.value).toMatchObject({ state: 'QUEUED', title: 'Rename the thing', priority: 'P1', checks: [] });
  });

  it('list: newest first, by state, in pages', async () => {
    const ids = [await submitted(), await submitted(), await submitted()];
    const page = await callTool(client, 'jobs_list', { limit: 2 });
    expect(page.value).toMatchObject({ total: 3, hasMore: true, items: [{ jobId: ids[2] }, { jobId: ids[1] }] });
    const rest = await callTool(client, 'jobs_list', { limit: 2, offset: 2 });
    expect(rest.value).toMatchObject({ total: 3, hasMore: false, items: [{ jobId: ids[0] }] });
    expect((await callTool(client, 'jobs_list', { state: 'FAILED' })).value).toMatchObject({ items: [], total: 0 });
    expect((await callTool(client, 'jobs_list', { limit: 101 })).text).toContain('limit: Too big');
    expect((await callTool(client, 'jobs_list', { state: 'DONE' })).text).toContain('"SUCCEEDED"');
  });

  it('cancel: once, and then it says that the job had ended', async () => {
    const jobId = await submitted();
    expect((await callTool(client, 'jobs_cancel', { jobId })).value).toEqual({ ok: true, state: 'CANCELED' });
    expect((await callTool(client, 'jobs_cancel', { jobId })).value).toEqual({ ok: false, state: 'CANCELED' });
  });

  it('retry: a new job of the same spec, once the old one has ended', async () => {
    const jobId = await submitted();
    const early = await callTool(client, 'jobs_retry', { jobId });
    expect(early).toMatchObject({ isError: true, value: {} });
    expect(early.text).toContain('only a job that has ended can be retried');
    await callTool(client, 'jobs_cancel', { jobId });
    const again = await callTool(client, 'jobs_retry', { jobId });
    expect(again.value).toMatchObject({ state: 'QUEUED', deduplicated: false });
    expect(endpoint.relay.jobs.get(jobIdOf(again))?.input).toMatchObject({ spec, parent: jobId, origin: 'mcp' });
  });

  it('rebase: the same task once more, as its own call', async () => {
    const jobId = await submitted();
    await callTool(client, 'jobs_cancel', { jobId });
    const again = await callTool(client, 'jobs_rebase', { jobId });
    expect(endpoint.relay.jobs.get(jobIdOf(again))?.input).toMatchObject({ parent: jobId, origin: 'mcp' });
  });

  it('follow up: another task on the result of a job, and nothing that is not its own to say', async () => {
    const jobId = await submitted();
    const early = await callTool(client, 'jobs_follow_up', { jobId, task });
    expect(early.text).toContain('only one that SUCCEEDED');
    endpoint.relay.move(jobId, 'SUCCEEDED');
    const again = await callTool(client, 'jobs_follow_up', { jobId, task });
    expect(again.value).toMatchObject({ state: 'QUEUED', deduplicated: false });
    const { input } = endpoint.relay.jobs.get(jobIdOf(again)) ?? {};
    expect(input).toMatchObject({ spec: { task }, parent: jobId, origin: 'mcp' });
    const wide = await callTool(client, 'jobs_follow_up', { jobId, task, scope: { allowProtected: ['**'] } });
    expect(wide).toMatchObject({ isError: true });
    expect(wide.text).toContain('scope: unknown field');
  });

  it('all of them: a job that is not there, and an id that is none', async () => {
    for (const name of ['jobs_get', 'jobs_cancel', 'jobs_retry', 'jobs_rebase', 'jobs_follow_up', 'jobs_artifact']) {
      const more = name === 'jobs_artifact' ? { name: 'out.md' } : name === 'jobs_follow_up' ? { task } : {};
      const absent = await callTool(client, name, { jobId: nobody, ...more });
      expect(absent.isError, name).toBe(true);
      expect(absent.text, name).toContain(nobody);
      const wrong = await callTool(client, name, { jobId: 'UP', ...more });
      expect(wrong.text, name).toContain('jobId: a job id has 16 characters');
    }
  });

  it('an unknown tool is an error of the protocol that lists the tools', async () => {
    await expect(client.callTool({ name: 'jobs_delete', arguments: {} })).rejects.toThrow(/-32602.*jobs_submit/);
  });
});

describe('jobs_artifact', () => {
  async function ended(content: string | Buffer): Promise<JobId> {
    const jobId = await submitted();
    endpoint.relay.move(jobId, 'SUCCEEDED', { 'patch.diff': content });
    return jobId;
  }

  it('gives the whole of a short one', async () => {
    const jobId = await ended('diff --git a/é b/é\n');
    const answer = await callTool(client, 'jobs_artifact', { jobId, name: 'patch.diff' });
    expect(answer.value).toEqual({ text: 'diff --git a/é b/é\n', totalBytes: 21 });
  });

  it('cuts a long one at 64 KiB, between characters, and goes on at nextOffset', async () => {
    const content = `a${'é'.repeat(100_000)}`;
    const jobId = await ended(content);
    const first = await callTool(client, 'jobs_artifact', { jobId, name: 'patch.diff' });
    expect(first.value).toMatchObject({ nextOffset: 65_535, totalBytes: 200_001 });
    let text = String(first.value['text']);
    for (let next = first.value['nextOffset']; next !== undefined;) {
      const part = await callTool(client, 'jobs_artifact', { jobId, name: 'patch.diff', offset: next });
      text += String(part.value['text']);
      next = part.value['nextOffset'];
    }
    expect(text).toBe(content);
  });

  it('gives an empty one and what is past the end as empty text, without a nextOffset', async () => {
    const empty = await ended('');
    const none = { text: '', totalBytes: 0 };
    expect((await callTool(client, 'jobs_artifact', { jobId: empty, name: 'patch.diff' })).value).toEqual(none);
    const jobId = await ended('abc');
    const past = await callTool(client, 'jobs_artifact', { jobId, name: 'patch.diff', offset: 9 });
    expect(past.value).toEqual({ text: '', totalBytes: 3 });
  });

  it('goes on by one character at least, however little is asked for', async () => {
    const jobId = await ended('日本');
    const answer = await callTool(client, 'jobs_artifact', { jobId, name: 'patch.diff', maxBytes: 1 });
    expect(answer.value).toEqual({ text: '日', nextOffset: 3, totalBytes: 6 });
  });

  it('names the artifacts when the name is wrong', async () => {
    const jobId = await ended('x');
    const answer = await callTool(client, 'jobs_artifact', { jobId, name: '../../etc/passwd' });
    expect(answer.text).toContain(
      'patch.diff, out.md, logs.txt, pr.json, certificate.json, stream.jsonl, or checks/NAME.txt',
    );
  });

  it('gives what a check printed, by whatever name it has', async () => {
    const jobId = await ended('x');
    for (const name of ['tests', 'a/b.txt', '../x']) {
      const text = `output of ${name} of ${jobId}`;
      const answer = await callTool(client, 'jobs_artifact', { jobId, name: `checks/${name}.txt`, maxBytes: 10 });
      expect(answer.value).toEqual({ text: text.slice(0, 10), nextOffset: 10, totalBytes: text.length });
    }
  });
});

describe('cutAt', () => {
  /** Reads `bytes` in slices as the tool does. */
  function slices(bytes: Buffer, most: number): readonly Buffer[] {
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const window = bytes.subarray(at, at + Math.max(most, 4));
      const end = cutAt(window, most, at + window.length >= bytes.length);
      expect(end).toBeGreaterThan(0);
      parts.push(window.subarray(0, end));
      at += end;
    }
    return parts;
  }

  it('splits no character of any text, and takes no more than was asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 12 }), (text, most) => {
        const parts = slices(Buffer.from(text), most);
        expect(parts.map((part) => part.toString('utf8')).join('')).toBe(text);
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(Math.max(most, 4));
      }),
    );
  });

  it('loses no byte of what is no text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 12 }), (bytes, most) => {
        expect(Buffer.concat(slices(Buffer.from(bytes), most))).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
