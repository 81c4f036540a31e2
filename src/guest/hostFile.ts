import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** How a guest finds the host of a record: `host.json`, readable by its owner alone, because it holds the guests' token. */
export const HostFile = z.object({
  url: z.string(),
  token: z.string(),
  pid: z.int(),
  /** Whether the host is a window of an editor, which nobody but its user may end. */
  inEditor: z.boolean().optional(),
});
export type HostFile = z.infer<typeof HostFile>;

export async function writeHostFile(record: string, host: HostFile): Promise<void> {
  const temporary = join(record, `host.json.${randomBytes(4).toString('hex')}`);
  await writeFile(temporary, JSON.stringify(host), { mode: 0o600 });
  await rename(temporary, pathOf(record));
}

/** Undefined where there is none, or none that can be read: then nobody can be joined. */
export async function readHostFile(record: string): Promise<HostFile | undefined> {
  try {
    return HostFile.parse(JSON.parse(await readFile(pathOf(record), 'utf8')));
  } catch {
    return undefined;
  }
}

export async function removeHostFile(record: string): Promise<void> {
  await rm(pathOf(record), { force: true });
}

function pathOf(record: string): string {
  return join(record, 'host.json');
}
