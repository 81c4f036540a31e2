import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { CliContext } from './context.ts';
import { badInput, type CliFailure } from './failure.ts';

/** What a file holds that `serve --webhook-secret-file` names, without the newline at its end. It is said nowhere. */
export async function webhookSecretIn(
  { cwd }: CliContext,
  file: string | undefined,
): Promise<Result<string | undefined, CliFailure>> {
  if (file === undefined) return ok(undefined);
  try {
    const secret = (await readFile(resolve(cwd, file), 'utf8')).replace(/\r?\n$/, '');
    if (secret !== '') return ok(secret);
    return err(badInput(`The file "${file}" of --webhook-secret-file is empty: put a secret in it.`));
  } catch (thrown) {
    return err(badInput(`The file "${file}" of --webhook-secret-file cannot be read: ${messageOf(thrown)}`));
  }
}
