import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The bits of a mode that say who may do what. */
const MODE = 0o7777;

/**
 * Writes and deletes files (null): all of them, or none, and then it throws what the file system said. Each is a new file
 * that is renamed over the old one, with its mode: a hard link of the old one, which may stand anywhere, stays as it is.
 */
export async function changeFiles(root: string, files: ReadonlyMap<string, string | Uint8Array | null>): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  const asides: string[] = [];
  try {
    for (const [path, content] of files) {
      const file = join(root, path);
      const mode = await modeOf(file);
      const [fresh, aside] = [siblingOf(file), siblingOf(file)];
      if (content !== null) {
        const folder = await mkdir(dirname(file), { recursive: true });
        if (folder !== undefined) undo.push(() => rm(folder, { recursive: true, force: true }));
        undo.push(() => rm(fresh, { force: true }));
        await writeFile(fresh, content, { flag: 'wx', ...(mode === undefined ? {} : { mode }) });
        if (mode !== undefined) await chmod(fresh, mode);
      }
      if (mode !== undefined || content === null) {
        await rename(file, aside);
        undo.push(() => rename(aside, file));
        asides.push(aside);
      }
      if (content === null) continue;
      await rename(fresh, file);
      undo.push(() => unlink(file));
    }
  } catch (thrown) {
    for (const step of undo.reverse()) await step();
    throw thrown;
  }
  for (const aside of asides) await rm(aside, { force: true });
}

/** Undefined where there is no file. */
async function modeOf(file: string): Promise<number | undefined> {
  const found = await lstat(file).catch(() => undefined);
  return found === undefined ? undefined : found.mode & MODE;
}

/** In the same folder, and so on the same file system. */
function siblingOf(file: string): string {
  return join(dirname(file), `.relay-${randomUUID()}`);
}
