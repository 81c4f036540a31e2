import type { Clock } from '../../base/clock.ts';
import type { Readiness } from '../../domain/executor.ts';
import { neededFlags } from './arguments.ts';
import { ask, versionIn, type Answer, type Codex } from './ask.ts';
import { readConfig } from './home.ts';
import { short } from './itemLine.ts';

const INSTALL = 'Install it: npm install -g @openai/codex, then sign in: codex login.';

/** Whether codex can run here: it is asked for its version, its flags, and whether somebody has signed in. No network. */
export async function probe(of: Codex, clock: Clock): Promise<Readiness> {
  const [version, help, login] = await Promise.all([
    ask(of, ['--version'], clock),
    ask(of, ['exec', '--help'], clock),
    ask(of, ['login', 'status'], clock),
  ]);
  if (version.kind === 'absent') return { state: 'notInstalled', message: `${version.message} ${INSTALL}` };
  const number = versionIn(version);
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
  // `codex exec` takes a key from there as well, and "login status" does not know it.
  if (of.env['CODEX_API_KEY'] !== undefined || (await hasOwnProvider(of.env))) return { state: 'ready', ...told };
  const message =
    'Nobody has signed in to codex. Run "codex login", or "codex login --with-api-key" with a key on its stdin.';
  return { state: 'notSignedIn', message, ...told };
}

function broken({ program }: Codex, args: readonly string[], answer: Answer, version?: string): Readiness {
  const why = answer.kind === 'said' ? short(answer.text) : answer.message;
  const message = `"${[program, ...args].join(' ')}" does not do what it should: ${why}. Try it by hand.`;
  return { state: 'broken', message, ...(version === undefined ? {} : { version }) };
}

/** A provider that the user has set brings its own key: `codex login` knows nothing of it. */
async function hasOwnProvider(env: Readonly<Record<string, string>>): Promise<boolean> {
  // Of a TOML file, the keys before its first table are those of no table.
  const [top = ''] = (await readConfig(env)).split(/^[ \t]*\[/m);
  const provider = /^[ \t]*model_provider[ \t]*=[ \t]*["']([^"']*)["']/m.exec(top)?.[1];
  return provider !== undefined && provider !== 'openai';
}
