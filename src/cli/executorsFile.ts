import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { defaultExecutorSettings, ExecutorSettings } from '../domain/executorSettings.ts';
import { wrongInput } from '../protocol/wrongInput.ts';
import type { CliContext } from './context.ts';
import { badInput, type CliFailure } from './failure.ts';

/** What --executors FILE says: JSON of the shape of the setting relay.executors. */
export async function executorsFile(
  { cwd }: CliContext,
  file: string | undefined,
): Promise<Result<ExecutorSettings, CliFailure>> {
  if (file === undefined) return ok(defaultExecutorSettings);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(resolve(cwd, file), 'utf8'));
  } catch (thrown) {
    return err(badInput(`--executors ${file} could not be read as JSON: ${messageOf(thrown)}`));
  }
  const settings = ExecutorSettings.safeParse(json);
  if (settings.success) return ok(settings.data);
  return err(badInput(`--executors ${file} is not valid: ${wrongInput(settings.error)}`));
}
