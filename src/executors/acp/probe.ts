import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join, sep } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Readiness } from '../../domain/executor.ts';
import { run } from '../../process/spawn.ts';
import { missingText } from './missing.ts';
import type { AcpAgent } from './presets.ts';

export interface ProbeOptions {
  readonly name: string;
  readonly agent: AcpAgent;
  /** As a job's. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** Programs on Node take up to seconds for it; the agent is ready without it as well. */
const VERSION_MS = 6000;

/**
 * Whether the agent's program is there, and its version where it is one that is known to tell it. Whether somebody is signed
 * in shows only in a session: none of them tells it otherwise.
 */
export async function probe({ name, agent, env, clock }: ProbeOptions, signal: AbortSignal): Promise<Readiness> {
  const [program = ''] = agent.command;
  const file = await findProgram(program, env);
  if (file === undefined) return { state: 'notInstalled', message: missingText({ name, agent }) };
  if (agent.known === undefined) return { state: 'ready' };
  const done = await run(
    { file, args: ['--version'], cwd: tmpdir(), env, timeoutMs: VERSION_MS, signal, maxOutput: 4096 },
    clock,
  );
  if (!done.ok) return { state: 'broken', message: done.error.message };
  const version = /\d+\.\d+\.\d+[\w.+-]*/.exec(done.value.stdout.toString('utf8'))?.[0];
  return version === undefined ? { state: 'ready' } : { state: 'ready', version };
}

/** As a program is found when it is started: by its path, or by its name in PATH. */
async function findProgram(program: string, env: ProbeOptions['env']): Promise<string | undefined> {
  if (isAbsolute(program) || program.includes(sep)) return (await isProgram(program)) ? program : undefined;
  const endings = process.platform === 'win32' ? ['', ...(env['PATHEXT'] ?? '.EXE;.CMD').split(';')] : [''];
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    for (const ending of endings) {
      const file = join(folder, `${program}${ending}`);
      if (folder !== '' && (await isProgram(file))) return file;
    }
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
