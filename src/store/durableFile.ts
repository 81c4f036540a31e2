import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the names in a directory durable. Windows has no such call and orders its own metadata. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that `path` has either what it had or all of the new bytes, and has them durably when this resolves.
 * `temporary` is in a directory of the same file system; it is removed when anything fails. Throws system errors.
 */
export async function replaceFile(path: string, temporary: string, parts: readonly Uint8Array[]): Promise<void> {
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      for (const chunk of chunksOf(parts)) await writeAll(handle, chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  await syncDirectory(dirname(path));
}

/** `FileHandle.write` may write less than it was given. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
}

const CHUNK = 256 * 1024;

/** Joins small parts, so that many of them cost few writes and no second copy of the whole. */
function* chunksOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    small.push(part);
    bytes += part.length;
    if (bytes < CHUNK) continue;
    yield small.length === 1 ? part : Buffer.concat(small, bytes);
    small = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(small, bytes);
}
