import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string>>;

/** The folder of codex's own, as it finds it in this environment. */
export function codexHome(env: Environment): string {
  return env['CODEX_HOME'] ?? join(env['HOME'] ?? env['USERPROFILE'] ?? '', '.codex');
}

/** The user's config.toml; empty where there is none. */
export function readConfig(env: Environment): Promise<string> {
  return readFile(join(codexHome(env), 'config.toml'), 'utf8').catch(() => '');
}
