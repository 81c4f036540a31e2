import { writeFile } from 'node:fs/promises';

/**
 * The relay's own git configuration (see proofEnvironment): exact safe.directory entries, no hooks, no monitor, no user
 * excludes or attributes, and nothing that git would start by itself.
 */
function configText(safeDirectories: readonly string[]): string {
  const safe = safeDirectories.map((directory) => `\tdirectory = ${quoted(directory)}`);
  return [
    '[safe]',
    ...safe,
    '[core]',
    '\thooksPath = /dev/null',
    '\texcludesFile = /dev/null',
    '\tattributesFile = /dev/null',
    '\tfsmonitor = false',
    '[uploadpack]',
    '\tallowAnySHA1InWant = true',
    '[checkout]',
    '\tworkers = 2',
    '[gc]',
    '\tauto = 0',
    '[maintenance]',
    '\tauto = false',
    '[advice]',
    '\tdetachedHead = false',
    '[init]',
    '\tdefaultBranch = main',
    '',
  ].join('\n');
}

export async function writeConfigFile(file: string, safeDirectories: readonly string[]): Promise<void> {
  await writeFile(file, configText(safeDirectories), { mode: 0o600 });
}

/** A value in git's configuration syntax. */
function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}"`;
}
