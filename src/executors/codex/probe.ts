import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Readiness } from '../../domain/executor.ts';
import { run } from '../../process/spawn.ts';
import { neededFlags } from './arguments.ts';
import { short } from './itemLine.ts';

export interface Probed {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const LONGEST_MS = 3000;
const INSTALL = 'Install it: npm install -g @openai/codex, then sign in: codex login.';

/** Whether codex can run here: it is asked for its version, its flags, and whether somebody has signed in. No network. */
export async function probe(of: Probed, clock: Clock): Promise<Readiness> {
  const [version, help, login] = await Promise.all([
    ask(of, ['--version'], clock),
    ask(of, ['exec', '--help'], clock),
    ask(of, ['login', 'status'], clock),
  ]);
  if (version.kind === 'absent') return { state: 'notInstalled', message: `${version.message} ${INSTALL}` };
  const number = version.kind === 'said' ? versionIn(version.text) : undefined;
  if (number === undefined) return broken(of, ['--version'], version);
  const told = { version: number };
  if (help.kind !== 'said' || help.exitCode !== 0) return broken(of, ['exec', '--help'], help, number);
  const lacking = neededFlags.filter((flag) => !new RegExp(`(?<![\\w-])${flag}(?![\\w-])`).test(help.text));
  if (lacking.length > 0) {
    const message = `Codex ${number} is too old: "codex exec" has no ${lacking.join(', ')}. Update it: npm install -g @openai/codex@latest.`;
    return { state: 'tooOld', message, ...told };
  }
  if (login.kind === 'said' && login.exitCode === 0) return { state: 'ready', ...told };
  if (login.kind !== 'said' || !/not logged in/i.test(login.text)) {
    return broken(of, ['login', 'status'], login, number);
  }
  if (await hasOwnProvider(of.env)) return { state: 'ready', ...told };
  const message =
    'Nobody has signed in to codex. Run "codex login", or "codex login --with-api-key" with a key on its stdin.';
  return { state: 'notSignedIn', message, ...told };
}

/** The version that codex tells of itself; undefined where it does not. */
export async function versionOf(of: Probed, clock: Clock): Promise<string | undefined> {
  const said = await ask(of, ['--version'], clock);
  return said.kind === 'said' ? versionIn(said.text) : undefined;
}

type Answer =
  | { readonly kind: 'said'; readonly exitCode: number; readonly text: string }
  | { readonly kind: 'absent' | 'silent'; readonly message: string };

async function ask({ program, env, signal }: Probed, args: readonly string[], clock: Clock): Promise<Answer> {
  const done = await run({ file: program, args, cwd: process.cwd(), env, signal, timeoutMs: LONGEST_MS }, clock);
  if (!done.ok) return { kind: 'absent', message: done.error.message };
  const { ending, stdout, stderr } = done.value;
  const text = `${stdout.toString('utf8')}\n${stderr.toString('utf8')}`;
  if (ending.kind === 'exited') return { kind: 'said', exitCode: ending.exitCode, text };
  return { kind: 'silent', message: `it did not answer within ${String(LONGEST_MS / 1000)} s` };
}

function broken({ program }: Probed, args: readonly string[], answer: Answer, version?: string): Readiness {
  const why = answer.kind === 'said' ? short(answer.text) : answer.message;
  const message = `"${[program, ...args].join(' ')}" does not do what it should: ${why}. Try it by hand.`;
  return { state: 'broken', message, ...(version === undefined ? {} : { version }) };
}

function versionIn(text: string): string | undefined {
  return /\bcodex\S* v?(\d+\.\d+\.\d+\S*)/.exec(text)?.[1];
}

/** A provider that the user has set brings its own key: `codex login` knows nothing of it. */
async function hasOwnProvider(env: Readonly<Record<string, string>>): Promise<boolean> {
  const home = env['CODEX_HOME'] ?? join(env['HOME'] ?? env['USERPROFILE'] ?? '', '.codex');
  const config = await readFile(join(home, 'config.toml'), 'utf8').catch(() => '');
  // Of a TOML file, the keys before its first table are those of no table.
  const [top = ''] = config.split(/^[ \t]*\[/m);
  const provider = /^[ \t]*model_provider[ \t]*=[ \t]*["']([^"']*)["']/m.exec(top)?.[1];
  return provider !== undefined && provider !== 'openai';
}
