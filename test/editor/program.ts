import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { err, messageOf, ok, type Result } from '../../src/base/result.ts';

/** How much of what a program printed is worth telling. */
const TAIL_LENGTH = 2000;

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

/** Runs a program to its end; its output, or what it said last when it failed. */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env = process.env, timeoutMs }: ProgramOptions,
): Promise<Result<string, string>> {
  return new Promise((resolve) => {
    const where = cwd === undefined ? {} : { cwd };
    const child = spawn(program, args, { ...where, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let printed = '';
    const hear = (chunk: Buffer): void => void (printed += chunk.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', (error) => resolve(err(messageOf(error))));
    child.once('close', (code, signal) => {
      const line = [program, ...args].join(' ');
      const how = signal === null ? `with ${String(code)}` : `by ${signal} (it has ${String(timeoutMs / 1000)} s)`;
      resolve(code === 0 ? ok(printed) : err(`"${line}" ended ${how}: ${printed.slice(-TAIL_LENGTH).trim()}`));
    });
  });
}

/** npm, whichever started us; on Windows `npm` alone is a script that only a shell runs. */
export function runNpm(args: readonly string[], options: ProgramOptions): Promise<Result<string, string>> {
  const cli = process.env['npm_execpath'];
  if (cli?.endsWith('.js') === true) return runProgram(process.execPath, [cli, ...args], options);
  const beside = join(process.execPath, '..', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (existsSync(beside)) return runProgram(process.execPath, [beside, ...args], options);
  return runProgram('npm', args, options);
}

/** Where a program is on PATH. */
export function onPath(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name];
  return (environment['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => names.map((one) => join(folder, one)))
    .find((path) => existsSync(path));
}
