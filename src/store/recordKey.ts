import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './durableFile.ts';

const KEY_BYTES = 32;

/**
 * The record's own key, made when first asked for and readable by its owner alone. Whoever loses it loses what was named by
 * it, and nothing else. Throws system errors.
 */
export async function recordKey(record: string): Promise<Uint8Array> {
  const path = join(record, 'key');
  const kept = await readFile(path).catch(() => undefined);
  if (kept?.length === KEY_BYTES) return kept;
  const made = randomBytes(KEY_BYTES);
  await replaceFile(path, `${path}.new`, [made]);
  return made;
}
