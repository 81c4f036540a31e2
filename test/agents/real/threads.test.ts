import { chmodSync, globSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { JobSpec } from '../../../src/domain/jobSpec.ts';
import type { JobView } from '../../../src/protocol/jobView.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { must, openTestHost, type TestHost } from '../../fixtures/testHost.ts';
import { acpAgents, type AcpAgent } from '../acp.ts';
import { codexEnvironment } from '../codex.ts';
import { layGround, type Ground } from '../ground.ts';
import { call, say, type Script } from '../model/script.ts';
import { startModel, type ScriptedModel } from '../model/server.ts';
import { programs } from '../programs.ts';
import { describeWith } from './withProgram.ts';

const WORD = 'xylophone';
const answer = (summary: string): string =>
  JSON.stringify({
    summary,
    edits: [{ path: 'greet.js', oldText: 'Hello', newText: 'Hi' }],
    files: [],
    deletions: [],
    testPlan: '',
    notes: '',
  });
const shout = (summary: string): string =>
  JSON.stringify({
    summary,
    edits: [{ path: 'greet.js', oldText: 'Hi', newText: 'HI' }],
    files: [],
    deletions: [],
    testPlan: '',
    notes: '',
  });

interface Bed {
  readonly host: TestHost;
  readonly model: ScriptedModel;
  readonly ground: Ground;
}

interface Laid {
  readonly script: Script;
  readonly environment: (url: string, ground: Ground) => Readonly<Record<string, string>>;
  readonly settings: (ground: Ground) => Readonly<Record<string, unknown>>;
}

async function lay({ script, environment, settings }: Laid): Promise<Bed> {
  const ground = layGround();
  const cache = temporaryDirectory();
  const model = await startModel(script);
  const env = { HOME: ground.home, TZ: 'UTC', ...environment(model.url, ground) };
  const host = await openTestHost({
    directory: ground.repository,
    cache,
    environment: env,
    environmentNames: () => Object.keys(env).filter((name) => !['HOME', 'PATH', 'TZ', 'TMPDIR'].includes(name)),
    executorSettings: () => settings(ground),
    concurrency: 2,
  });
  onTestFinished(async () => {
    await host.close();
    await model.close();
    ground.remove();
    removeDirectory(cache);
  });
  return { host, model, ground };
}

const spec = (executor: string): JobSpec => ({
  task: { title: 'Greet shortly', description: `The word of the first task is ${WORD}.` },
  execution: { executor, sandbox: 'read-only', timeoutS: 100 },
});

async function followed({ host }: Bed, { jobId }: JobView): Promise<{ job: JobView; log: string }> {
  const asked = await host.relay.followUp({
    jobId,
    task: { title: 'Greet loudly' },
    execution: undefined,
    origin: 'cli',
  });
  const job = await host.ended(must(asked).jobId);
  const log = (await host.artifact(job.jobId, 'logs.txt')).toString();
  expect(job.state, log).toBe('SUCCEEDED');
  return { job, log };
}

/** What the model was asked last, as far as it was asked to work. */
function lastAsked({ model }: Bed): string {
  return JSON.stringify(model.requests.findLast(({ conversation }) => (conversation?.tools.length ?? 0) > 0)?.body);
}

/** The first turn's answer, in the second's request: only a thread has it. */
async function expectThread(bed: Bed, executor: string): Promise<{ first: JobView; second: JobView }> {
  const first = await bed.host.run(spec(executor));
  expect(first.state, (await bed.host.artifact(first.jobId, 'logs.txt')).toString()).toBe('SUCCEEDED');
  const { job, log } = await followed(bed, first);
  expect(log).toContain(`goes on from job ${first.jobId}, in its thread`);
  expect(log).not.toContain('could not be taken up');
  const asked = lastAsked(bed);
  expect(asked).toContain(WORD);
  expect(asked).toContain('It said this first');
  expect(asked).toContain('You go on from your own earlier work');
  expect((await bed.host.artifact(job.jobId, 'patch.diff')).toString()).toContain(
    '+export const greet = (name) => `HI, ${name}.`;',
  );
  return { first, second: job };
}

describeWith('codex', (executable) => {
  const laid = (script: Script): Laid => ({
    script,
    environment: codexEnvironment,
    settings: () => ({ codex: { program: executable } }),
  });
  const usage = { input: 100, cached: 0, output: 10 };

  it('goes on in the thread of the job before, which is none of the user’s own', async () => {
    const bed = await lay(laid([say(answer('It said this first.'), usage), say(shout('And then this.'), usage)]));
    const { first, second } = await expectThread(bed, 'codex');
    expect(globSync(join(bed.ground.config, 'sessions/**/*.jsonl'))).toEqual([]);
    // Each job has used what it has used, though codex counts on in a thread.
    for (const { usage } of [first, second]) expect(usage).toMatchObject({ inputTokens: 100, outputTokens: 10 });
  });

  it('may not write where it goes on in a thread that could', async () => {
    const write = call('exec_command', { cmd: 'echo x > made-by-shell' });
    const script = [write, say('It said this first.'), write, say(answer('And then this.'))];
    const bed = await lay(laid(script));
    const first = await bed.host.run({
      ...spec('codex'),
      execution: { executor: 'codex', sandbox: 'workspace-write' },
    });
    expect(first.files.map(({ path }) => path)).toEqual(['made-by-shell']);
    expect(lastAsked(bed)).not.toContain('Read-only file system');
    const task = { title: 'Only look' };
    const execution = { sandbox: 'read-only' } as const;
    const { jobId } = must(await bed.host.relay.followUp({ jobId: first.jobId, task, execution, origin: 'cli' }));
    expect(await bed.host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', fileCount: 1 });
    expect((await bed.host.artifact(jobId, 'logs.txt')).toString()).toContain('in its thread');
    // What the tool gave, as the model was told.
    expect(lastAsked(bed)).toContain('Read-only file system');
  });

  it('is told what came before where its thread is gone', async () => {
    const bed = await lay(laid([say(answer('It said this first.')), say(shout('And then this.'))]));
    const first = await bed.host.run(spec('codex'));
    for (const name of readdirSync(join(bed.host.host.places.record, 'threads')))
      removeDirectory(join(bed.host.host.places.record, 'threads', name));
    const { log } = await followed(bed, first);
    expect(log).toContain('the thread could not be taken up');
    for (const words of [WORD, 'It said this first', '## Before']) expect(lastAsked(bed)).toContain(words);
  });
});

describeWith('claude', (executable) => {
  it('goes on in the session of the job before, which is none of the user’s own', async () => {
    const usage = { input: 100, cached: 0, output: 10 };
    const done = (text: string) => call('StructuredOutput', JSON.parse(text) as Record<string, unknown>, usage);
    const bed = await lay({
      script: [done(answer('It said this first.')), done(shout('And then this.'))],
      environment: (url, ground) => ({
        CLAUDE_CONFIG_DIR: ground.config,
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_API_KEY: 'nobodys-key-of-some-length',
        CLAUDE_CODE_MAX_RETRIES: '1',
      }),
      settings: () => ({ claude: { program: executable, model: 'claude-sonnet-4-5' } }),
    });
    const { first, second } = await expectThread(bed, 'claude');
    expect(globSync(join(bed.ground.config, 'projects/**/*.jsonl'))).toEqual([]);
    expect(second.usage?.costUsd).toBeCloseTo(first.usage?.costUsd ?? 0, 6);
  });
});

const fenced = (json: string): string => `Here it is.\n\n\`\`\`json\n${json}\n\`\`\`\n`;

for (const name of ['claude-acp', 'codex-acp', 'opencode', 'gemini', 'qwen'] as const) {
  describeWith(name, (executable) => {
    // Qwen loads a session in the folder that it began in alone, and a free slot is the same one again; Gemini loads none.
    it(name === 'gemini' ? 'is told what came before' : 'goes on in the session of the job before', async () => {
      const agent: AcpAgent = acpAgents[name];
      const bed = await lay({
        script: ({ prompt }) =>
          say(fenced(prompt.includes('Greet loudly') ? shout('And then this.') : answer('It said this first.'))),
        environment: (url, ground) => {
          const exports = Object.entries(agent.environment(url, ground)).map(
            ([key, value]) => `export ${key}='${value}'\n`,
          );
          const more = name === 'qwen' ? '--auth-type openai' : '';
          const run = `#!/bin/sh\n${exports.join('')}exec '${executable}' "$@" ${more}\n`;
          chmodSync(ground.place(`bin/${programs[name].bin}`, run), 0o755);
          return { PATH: `${join(ground.root, 'bin')}:${process.env['PATH'] ?? ''}` };
        },
        settings: () => ({}),
      });
      if (name !== 'gemini') {
        await expectThread(bed, name);
        return;
      }
      const { log } = await followed(bed, await bed.host.run(spec(name)));
      expect(log).toContain('the thread could not be taken up');
      expect(lastAsked(bed)).toContain(WORD);
    });
  });
}
