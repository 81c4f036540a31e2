import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { systemClock } from '../base/clock.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { run } from '../process/spawn.ts';

/**
 * Deletes a folder with all that is in it, or unlinks what stands in its place. Folders without permission are opened
 * first; paths that are too long for one call are left to `rm`. The error says what could not be deleted.
 */
export async function removeTree(path: string | Buffer): Promise<Result<void, string>> {
  const root = Buffer.from(path);
  if ((await tried(root)) === undefined) return ok(undefined);
  await openFolders(root);
  const failure = await tried(root);
  if (failure === undefined || process.platform === 'win32')
    return failure === undefined ? ok(undefined) : err(failure);
  await run(
    { file: 'rm', args: ['-rf', '--', path.toString()], cwd: '/', env: { PATH: '/usr/bin:/bin' } },
    systemClock,
  );
  return (await lstat(root).catch(() => undefined)) === undefined ? ok(undefined) : err(failure);
}

async function tried(root: Buffer): Promise<string | undefined> {
  return rm(root, { recursive: true, force: true, maxRetries: 3 }).then(
    () => undefined,
    (thrown: unknown) => messageOf(thrown).slice(0, LONGEST_MESSAGE),
  );
}

const LONGEST_MESSAGE = 300;

/** Names are bytes here: one that is no UTF-8 must be found again. */
async function openFolders(folder: Buffer): Promise<void> {
  try {
    if (!(await lstat(folder)).isDirectory()) return;
    await chmod(folder, 0o700);
    for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
      if (entry.isDirectory()) await openFolders(Buffer.concat([folder, Buffer.from('/'), entry.name]));
    }
  } catch {
    // Another user's, or too deep: what cannot be deleted in the end is told then.
  }
}
