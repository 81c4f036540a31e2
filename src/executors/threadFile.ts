import { copyFile, lstat, rename, rm } from 'node:fs/promises';

/** The longest thread that is kept, in bytes: some 8 million tokens of text. */
const LONGEST = 32 * 1024 * 1024;

/**
 * Takes what a program has kept of a thread away from where it keeps it, to `target`. False where it is no regular file,
 * or too long to be kept: it is gone from its place all the same. Throws what the file system says.
 */
export async function takeThread(path: string, target: string): Promise<boolean> {
  const found = await lstat(path);
  if (!found.isFile() || found.size > LONGEST) {
    await rm(path, { recursive: true, force: true });
    return false;
  }
  await rename(path, target).catch(async () => {
    // Of another file system.
    await copyFile(path, target);
    await rm(path);
  });
  return true;
}
