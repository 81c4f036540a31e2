import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf, err, ok, type Result } from './result.ts';

export interface InsideFile {
  readonly bytes: Buffer;
  /** Whether the file goes on behind them. */
  readonly isCut: boolean;
  /** Permissions, as lstat has them. */
  readonly mode: number;
}

/** `message` is the end of a sentence that begins with the path. */
export interface NotInside {
  readonly kind: 'missing' | 'outside' | 'irregular' | 'unreadable';
  readonly message: string;
}

/**
 * At most `most` bytes of a regular file below a folder. Links are followed where they stay in the folder; what is no
 * regular file is not read, as it could block for ever (opening a fifo) or have an effect (a device).
 */
export async function readInside(root: string, path: string, most: number): Promise<Result<InsideFile, NotInside>> {
  try {
    const [within, real] = await Promise.all([realpath(root), realpath(join(root, path))]);
    if (real !== within && !real.startsWith(within.endsWith(sep) ? within : `${within}${sep}`))
      return no('outside', 'leads out of the checkout');
    // By its real path and without links: what becomes one in this moment is not followed.
    const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) return no('irregular', 'is no regular file');
      const bytes = await head(handle, most + 1);
      return ok({ bytes: bytes.subarray(0, most), isCut: bytes.length > most, mode: stat.mode & 0o7777 });
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    const code = codeOf(thrown) ?? 'unknown';
    return MISSING.has(code) ? no('missing', 'is not there') : no('unreadable', `could not be read (${code})`);
  }
}

const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

function no(kind: NotInside['kind'], message: string): Result<never, NotInside> {
  return err({ kind, message });
}

const CHUNK = 64 * 1024;

/** A file that grows while it is read costs no more. */
async function head(handle: FileHandle, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let left = most; left > 0;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(CHUNK, left)));
    if (bytesRead === 0) break;
    parts.push(buffer.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return Buffer.concat(parts);
}
