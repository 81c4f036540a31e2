import { chmodSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { JobView } from '../../../src/protocol/jobView.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { must, openTestHost, type TestHost } from '../../fixtures/testHost.ts';
import { acpAgents, type AcpAgent } from '../acp.ts';
import { layGround } from '../ground.ts';
import { call, refuse, say, type Answer, type Script } from '../model/script.ts';
import { startModel, type ScriptedModel } from '../model/server.ts';
import { programs } from '../programs.ts';
import { proposal } from '../scenario.ts';
import { describeWith } from './withProgram.ts';

type Name = keyof typeof acpAgents;

interface Bed {
  readonly relay: TestHost;
  readonly model: ScriptedModel;
}

interface Laid {
  readonly name: Name;
  readonly executable: string;
  /** Given where the agent's file is in the one slot, once there is one. */
  readonly script: (greeting: () => string) => Script;
  readonly permissions?: 'ask' | 'allow' | 'refuse';
}

/** A relay that finds the agent by its name in PATH, as a user's does; there it is led to the scripted model. */
async function lay({ name, executable, script, permissions = 'ask' }: Laid): Promise<Bed> {
  const agent: AcpAgent = acpAgents[name];
  const ground = layGround();
  const cache = temporaryDirectory();
  const slots = join(cache, 'task-relay/**/tree/greet.js');
  const model = await startModel(script(() => globSync(slots)[0] ?? 'there is no slot'));
  const variables = Object.entries(agent.environment(model.url, ground));
  const exports = variables.map(([key, value]) => `export ${key}='${value}'\n`).join('');
  // Those of the preset come first; an agent that is signed in otherwise needs no more than them.
  const more = name === 'qwen' ? '--auth-type openai' : '';
  const run = `#!/bin/sh\n${exports}exec '${executable}' "$@" ${more}\n`;
  const program = ground.place(`bin/${programs[name].bin}`, run);
  chmodSync(program, 0o755);
  const relay = await openTestHost({
    directory: ground.repository,
    cache,
    environment: { PATH: `${join(program, '..')}:${process.env['PATH'] ?? ''}`, HOME: ground.home },
    executorSettings: () => ({ permissions }),
    concurrency: 1,
  });
  onTestFinished(async () => {
    await relay.close();
    await model.close();
    ground.remove();
    removeDirectory(cache);
  });
  return { relay, model };
}

/** The turns of an edit, each with the path as it is by then. */
function editing(name: Name, greeting: () => string): Script {
  const { edit }: AcpAgent = acpAgents[name];
  const turns = edit('').map((_, n) => (): Answer => edit(greeting())[n] ?? say('The script is over.'));
  return [...turns, say('It says hi.')];
}

function task(name: Name, execution: Readonly<Record<string, unknown>> = {}) {
  const title = 'Let greet say "Hi" instead of "Hello"';
  return { task: { title }, execution: { executor: name, timeoutS: 100, ...execution } };
}

async function logOf(relay: TestHost, { jobId }: JobView): Promise<string> {
  return (await relay.artifact(jobId, 'logs.txt')).toString();
}

async function provenPatch(relay: TestHost, job: JobView): Promise<string> {
  expect(job.state, await logOf(relay, job)).toBe('SUCCEEDED');
  return (await relay.artifact(job.jobId, 'patch.diff')).toString();
}

/** What becomes of a provider's errors: some agents ask again for minutes, and tell nobody. */
const errors: Readonly<Record<Name, Readonly<Record<401 | 500, RegExp>>>> = {
  gemini: { 401: /key is not valid.*Sign in/, 500: /time limit/ },
  qwen: { 401: /key is not valid.*Sign in/, 500: /time limit/ },
  opencode: { 401: /key is not valid/, 500: /time limit/ },
  'claude-acp': { 401: /asks for a sign-in/, 500: /API Error: 500/ },
  'codex-acp': { 401: /asks for a sign-in/, 500: /could not go on/ },
};

for (const name of ['gemini', 'qwen', 'opencode', 'claude-acp', 'codex-acp'] as const) {
  describeWith(name, (executable) => {
    it('makes a proven patch', async () => {
      const { relay } = await lay({ name, executable, script: (greeting) => editing(name, greeting) });
      const job = await relay.run(task(name));
      expect(await provenPatch(relay, job)).toContain('+export const greet = (name) => `Hi, ${name}.`;');
      expect(await logOf(relay, job)).toContain('It says hi.');
      expect(job.usage).toMatchObject({ turns: 1 });
    });

    it('proposes where it may only read, and the relay makes the change', async () => {
      const answer = JSON.stringify({ ...proposal, summary: 'It says hi.' });
      const script = () => [say(`Here it is.\n\n\`\`\`json\n${answer}\n\`\`\`\n`)];
      const { relay } = await lay({ name, executable, script });
      const job = await relay.run(task(name, { sandbox: 'read-only' }));
      expect(await provenPatch(relay, job)).toContain('`Hi, ${name}.`');
    });

    it.each([401, 500] as const)('ends where its provider answers %i', async (status) => {
      const { relay } = await lay({ name, executable, script: () => [refuse(status)] });
      const job = await relay.run(task(name, { timeoutS: 45 }));
      expect(job).toMatchObject({ state: 'FAILED', message: expect.stringMatching(errors[name][status]) as string });
    });

    it('hears that its job is canceled, and is gone', async () => {
      const { relay, model } = await lay({ name, executable, script: () => [{ kind: 'silent' }] });
      const { jobId } = must(await relay.submit(task(name)));
      await model.asked;
      const started = performance.now();
      must(await relay.relay.cancel({ jobId, origin: 'cli' }));
      expect((await relay.sealed(jobId)).state).toBe('CANCELED');
      expect(performance.now() - started).toBeLessThan(5000);
    });
  });
}

describeWith('gemini', (executable) => {
  it('is refused the command that it asks for, and goes on', async () => {
    const touch = call('run_shell_command', { command: 'touch made-by-shell', description: 'Make a file' });
    const script = () => [touch, say('It was refused.')];
    const { relay } = await lay({ name: 'gemini', executable, script, permissions: 'refuse' });
    const job = await relay.run({ ...task('gemini'), allowEmpty: true });
    expect(await logOf(relay, job)).toContain('refused: ');
    expect(job.files).toEqual([]);
  });
});
