import { join } from 'node:path';

/** The folder of Claude Code's own, as it finds it in this environment; undefined where nobody has a home. */
export function claudeHome(env: Readonly<Record<string, string>>): string | undefined {
  const home = env['HOME'] ?? env['USERPROFILE'];
  return env['CLAUDE_CONFIG_DIR'] ?? (home === undefined ? undefined : join(home, '.claude'));
}
