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
import { proposal as proposed } from '../scenario.ts';
import { describeWith } from './withProgram.ts';

type Name = keyof typeof acpAgents;

interface Bed {
  readonly relay: TestHost;
  readonly model: ScriptedModel;
  /** The agent's file in the one slot. */
  greeting(): string;
}

/** A relay that finds the agent by its name in PATH, as a user's does; there it is led to the scripted model. */
async function lay(
  name: Name,
  executable: string,
  script: (bed: () => Bed) => Script,
  permissions = 'ask',
): Promise<Bed> {
  const agent: AcpAgent = acpAgents[name];
  const ground = layGround();
  const cache = temporaryDirectory();
  let bed: Bed | undefined;
  const model = await startModel(
    script(() => {
      if (bed === undefined) throw new Error('the model was asked before there was a relay');
      return bed;
    }),
  );
  const variables = Object.entries(agent.environment(model.url, ground));
  const exports = variables.map(([key, value]) => `export ${key}='${value}'\n`).join('');
  const more = agent.args.filter((arg) => arg.startsWith('--auth') || arg === 'openai').join(' ');
  const program = ground.place(`bin/${programNames[name]}`, `#!/bin/sh\n${exports}exec '${executable}' "$@" ${more}\n`);
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
  bed = {
    relay,
    model,
    greeting: () => globSync(join(cache, 'task-relay/**/tree/greet.js'))[0] ?? 'there is no slot',
  };
  return bed;
}

const programNames: Readonly<Record<Name, string>> = {
  gemini: 'gemini',
  qwen: 'qwen',
  opencode: 'opencode',
  'claude-acp': 'claude-agent-acp',
  'codex-acp': 'codex-acp',
};

/** The turns of an edit, each with the path as it is by then. */
function editing(name: Name, bed: () => Bed): Script {
  const { edit }: AcpAgent = acpAgents[name];
  const count = edit('').length;
  const turns = Array.from({ length: count }, (_, n) => (): Answer => edit(bed().greeting())[n] ?? say('over'));
  return [...turns, say('It says hi.')];
}

function task(name: Name, execution: Readonly<Record<string, unknown>> = {}) {
  return {
    task: { title: 'Let greet say "Hi" instead of "Hello"' },
    execution: { executor: name, timeoutS: 100, ...execution },
  };
}

async function logOf(relay: TestHost, job: JobView): Promise<string> {
  return (await relay.artifact(job.jobId, 'logs.txt')).toString();
}

for (const name of ['gemini', 'qwen', 'opencode', 'claude-acp', 'codex-acp'] as const) {
  describeWith(name, (executable) => {
    it('makes a proven patch, and leaves no process', async () => {
      const { relay } = await lay(name, executable, (bed) => editing(name, bed));
      const job = await relay.run(task(name));
      const log = await logOf(relay, job);
      expect([job.state, log]).toEqual(['SUCCEEDED', log]);
      expect((await relay.artifact(job.jobId, 'patch.diff')).toString()).toContain(
        '+export const greet = (name) => `Hi, ${name}.`;',
      );
      expect(log).toContain('It says hi.');
      expect(job.usage).toMatchObject({ turns: 1 });
    });

    it('proposes where it may only read, and the relay makes the change', async () => {
      const proposal = JSON.stringify({ ...proposed, summary: 'It says hi.' });
      const { relay } = await lay(name, executable, () => [say(`Here it is.\n\n\`\`\`json\n${proposal}\n\`\`\`\n`)]);
      const job = await relay.run(task(name, { sandbox: 'read-only' }));
      const log = await logOf(relay, job);
      expect([job.state, log]).toEqual(['SUCCEEDED', log]);
      expect((await relay.artifact(job.jobId, 'patch.diff')).toString()).toContain('`Hi, ${name}.`');
    });

    it.each([401, 500])('ends where its provider answers %i', async (status) => {
      const { relay } = await lay(name, executable, () => [refuse(status)]);
      const job = await relay.run(task(name, { timeoutS: 60 }));
      process.stderr.write(
        `${name} ${String(status)}: ${job.state} ${job.state === 'FAILED' ? `${job.reasonCode} ${job.message}` : ''}\n`,
      );
      expect(job.state).toBe('FAILED');
    });

    it('hears that its job is canceled, and is gone', async () => {
      const { relay, model } = await lay(name, executable, () => [{ kind: 'silent' }]);
      const { jobId } = must(await relay.submit(task(name)));
      await model.asked;
      const started = performance.now();
      must(await relay.relay.cancel({ jobId, origin: 'cli' }));
      const job = await relay.sealed(jobId);
      expect(job.state).toBe('CANCELED');
      expect(performance.now() - started).toBeLessThan(5000);
    });
  });
}

describeWith('gemini', (executable) => {
  it('is refused the command that it asks for, and goes on', async () => {
    const turns = () => [
      call('run_shell_command', { command: 'touch made-by-shell', description: 'Make a file' }),
      say('It was refused.'),
    ];
    const { relay } = await lay('gemini', executable, turns, 'refuse');
    const job = await relay.run({ ...task('gemini'), allowEmpty: true });
    const log = await logOf(relay, job);
    expect(log).toContain('refused: ');
    expect(job.files ?? []).toEqual([]);
  });
});
