import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { err, ok, type Result } from '../../src/base/result.ts';
import { cached } from '../editor/cache.ts';
import { runNpm, runProgram } from '../editor/program.ts';
import { programs, type Program, type ProgramName } from './programs.ts';

/** `outOfReach`: there is no registry to install from. Anything else is a fault that somebody must see. */
export interface NotInstalled {
  readonly kind: 'outOfReach' | 'broken';
  readonly message: string;
}

const cache = resolve(import.meta.dirname, '..', '..', '.cache', 'agents');

const INSTALL_MS = 300_000;
const ANSWER_MS = 60_000;
const QUICK = ['--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1'];

/**
 * The program's executable, installed on first use (100 to 400 MB, 5 to 20 s) into `.cache/agents/<name>-<version>`, which
 * is there whole or not at all; or why there is none, for a person.
 */
export function installed(name: ProgramName): Promise<Result<string, NotInstalled>> {
  return installInto(cache, name, programs[name]);
}

export async function installInto(
  folder: string,
  name: string,
  program: Program,
): Promise<Result<string, NotInstalled>> {
  const directory = await cached(`${name}-${program.version}`, (empty) => install(program, empty), folder);
  if (directory.ok) return ok(executableIn(directory.value, program));
  const message = `${program.package}@${program.version} could not be installed from npm: ${directory.error}`;
  return err({ kind: (await isWithinReach(program)) ? 'broken' : 'outOfReach', message });
}

async function install(program: Program, directory: string): Promise<Result<unknown, string>> {
  const { package: name, version, scripts = false } = program;
  // npm of 11.16 and newer runs no script that is not named here; an older one runs them all.
  const manifest = { private: true, dependencies: { [name]: version }, allowScripts: { [name]: scripts } };
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
  const options = { cwd: directory, timeoutMs: INSTALL_MS };
  const done = await runNpm(['install', '--no-package-lock', ...QUICK], options);
  if (!done.ok) return done;
  const executable = executableIn(directory, program);
  if (!existsSync(executable)) return err(`it has no ${program.bin}`);
  // What was installed in part, or is for another system, fails here and not in the first test.
  const env = { PATH: process.env['PATH'], HOME: directory };
  return runProgram(executable, ['--version'], { env, timeoutMs: ANSWER_MS });
}

async function isWithinReach({ package: name }: Program): Promise<boolean> {
  return (await runNpm(['view', name, 'name', ...QUICK], { timeoutMs: ANSWER_MS })).ok;
}

function executableIn(directory: string, { bin }: Program): string {
  return join(directory, 'node_modules', '.bin', process.platform === 'win32' ? `${bin}.cmd` : bin);
}
