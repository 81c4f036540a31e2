import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { codeOf, err, messageOf, ok, type Result } from '../base/result.ts';
import { defaultExecutorSettings, ExecutorSettings } from '../domain/executorSettings.ts';
import { wrongInput } from '../protocol/wrongInput.ts';
import type { CliContext } from './context.ts';
import { badInput, type CliFailure } from './failure.ts';

/** JSON of the shape of the settings relay.executors: names of variables to let through as well. */
const ExecutorsFile = ExecutorSettings.extend({ environment: z.array(z.string()).default([]) });

interface FromFile {
  readonly settings: ExecutorSettings;
  /** Names of variables. */
  readonly environment: readonly string[];
}

/**
 * What --executors FILE says; without it, the user's own file, where there is one: a host in the background has it as well.
 */
export async function executorsFile(
  { cwd, environment }: CliContext,
  named: string | undefined,
): Promise<Result<FromFile, CliFailure>> {
  const file = named === undefined ? ownFile(environment) : resolve(cwd, named);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    if (named === undefined && codeOf(thrown) === 'ENOENT')
      return ok({ settings: defaultExecutorSettings, environment: [] });
    return err(badInput(`The settings of executors in "${file}" could not be read as JSON: ${messageOf(thrown)}`));
  }
  const parsed = ExecutorsFile.safeParse(json);
  if (!parsed.success)
    return err(badInput(`The settings of executors in "${file}" are not valid: ${wrongInput(parsed.error)}`));
  const { environment: names, ...settings } = parsed.data;
  return ok({ settings, environment: names });
}

/** `task-relay/executors.json` where the platform keeps a user's settings. */
function ownFile({ XDG_CONFIG_HOME, APPDATA, HOME }: CliContext['environment']): string {
  const home = HOME ?? homedir();
  const folder = process.platform === 'win32' ? APPDATA : XDG_CONFIG_HOME;
  return join(folder ?? join(home, '.config'), 'task-relay', 'executors.json');
}
