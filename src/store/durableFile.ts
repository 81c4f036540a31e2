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

/** Joins small parts, so that many of them cost few writes. Each chunk is good until the next is asked for. */
function* chunksOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  const chunk = Buffer.allocUnsafeSlow(parts.length > 1 ? CHUNK : 0);
  let filled = 0;
  for (const part of parts) {
    if (filled > 0 && filled + part.length > chunk.length) {
      yield chunk.subarray(0, filled);
      filled = 0;
    }
    if (part.length > chunk.length) {
      yield part;
      continue;
    }
    chunk.set(part, filled);
    filled += part.length;
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
