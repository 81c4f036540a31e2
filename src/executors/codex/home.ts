import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The user's config.toml, as codex finds it in this environment; empty where there is none. */
export function readConfig(env: Readonly<Record<string, string>>): Promise<string> {
  const home = env['CODEX_HOME'] ?? join(env['HOME'] ?? env['USERPROFILE'] ?? '', '.codex');
  return readFile(join(home, 'config.toml'), 'utf8').catch(() => '');
}
