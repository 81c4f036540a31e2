import { createHash } from 'node:crypto';
import { chmod, copyFile, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../base/canonical.ts';
import { codeOf, err, ok, type Result } from '../base/result.ts';
import { Digest } from '../domain/ids.ts';
import { replaceFile, syncDirectory } from './durableFile.ts';
import { attemptIo, type IoError } from './ioError.ts';

/** A content in the vault: its name and its length. */
export interface Stored {
  readonly digest: Digest;
  readonly bytes: number;
}

export type VaultReadError =
  | IoError
  | { readonly kind: 'missing'; readonly message: string }
  /** The file is there and is not what its name says. */
  | { readonly kind: 'damaged'; readonly message: string };

const CHUNK = 256 * 1024;

/**
 * Files by the SHA-256 of their content (`ab/cdef…`), each written whole, durable and never changed. Putting what is
 * there already costs its hashing. One process writes; any may read.
 */
export class Vault {
  readonly #directory: string;
  readonly #temporary: string;
  /** Puts under way, so that two of the same content are one. */
  readonly #puts = new Map<Digest, Promise<Result<Stored, IoError>>>();
  #count = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.#temporary = join(directory, 'tmp');
  }

  /** Removes what writers that died have left. For the host alone, before it writes. */
  sweep(): Promise<Result<void, IoError>> {
    this.#count = 0;
    return attemptIo(`clear ${this.#temporary}`, () => rm(this.#temporary, { recursive: true, force: true }));
  }

  /** The content, whole or in parts. */
  put(content: Uint8Array | readonly Uint8Array[]): Promise<Result<Stored, IoError>> {
    const parts = content instanceof Uint8Array ? [content] : content;
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const stored = { digest: Digest.parse(hash.digest('hex')), bytes };
    return this.#once(stored, async (path) => replaceFile(path, await this.#newTemporary(), parts));
  }

  /** Takes the file at `path` in: it is gone from there afterwards. It must be a regular file that nobody writes to. */
  async putFile(path: string): Promise<Result<Stored, IoError>> {
    const taken = await attemptIo(`take ${path} into the vault`, async () => {
      const found = await lstat(path);
      if (!found.isFile()) throw Object.assign(new Error('it is no regular file'), { code: 'EINVAL' });
      const temporary = await this.#newTemporary();
      await move(path, temporary);
      if ((found.mode & 0o777) !== 0o600) await chmod(temporary, 0o600);
      return { temporary, stored: await hashAndSync(temporary) };
    });
    if (!taken.ok) return taken;
    const { temporary, stored } = taken.value;
    const result = await this.#once(stored, async (target) => {
      await rename(temporary, target);
      await syncDirectory(dirname(target));
    });
    await rm(temporary, { force: true });
    return result;
  }

  /** The content, checked against its name; or a slice of it, unchecked and cut to what there is. Offsets in bytes. */
  async read(
    digest: Digest,
    slice?: { readonly offset: number; readonly length: number },
  ): Promise<Result<Buffer, VaultReadError>> {
    const path = this.pathOf(digest);
    try {
      const handle = await open(path, 'r');
      try {
        if (slice !== undefined) return ok(await readSlice(handle, slice.offset, slice.length));
        const bytes = await handle.readFile();
        return sha256(bytes) === digest ? ok(bytes) : damaged(path);
      } finally {
        await handle.close();
      }
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return err({ kind: 'missing', message: `the record has lost the file ${path}` });
      return attemptIo(`read ${path}`, () => Promise.reject(thrown as Error));
    }
  }

  /** Where the content is, or would be. For reading only. */
  pathOf(digest: Digest): string {
    return join(this.#directory, digest.slice(0, 2), digest.slice(2));
  }

  /** Stores by `write` unless it is there; in either case its name is durable afterwards. */
  #once(stored: Stored, write: (path: string) => Promise<void>): Promise<Result<Stored, IoError>> {
    const underWay = this.#puts.get(stored.digest);
    if (underWay !== undefined) return underWay;
    const path = this.pathOf(stored.digest);
    const put = attemptIo(`write ${path}`, async () => {
      if (await hasLength(path, stored.bytes)) {
        await syncDirectory(dirname(path));
        return stored;
      }
      const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await Promise.all([write(path), made === undefined ? undefined : syncDirectory(this.#directory)]);
      return stored;
    }).finally(() => this.#puts.delete(stored.digest));
    this.#puts.set(stored.digest, put);
    return put;
  }

  async #newTemporary(): Promise<string> {
    if (this.#count === 0) await mkdir(this.#temporary, { recursive: true, mode: 0o700 });
    this.#count += 1;
    return join(this.#temporary, String(this.#count));
  }
}

function damaged(path: string): Result<never, VaultReadError> {
  return err({ kind: 'damaged', message: `${path} is damaged: its content is not what its name says` });
}

async function hasLength(path: string, bytes: number): Promise<boolean> {
  try {
    return (await lstat(path)).size === bytes;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    if (codeOf(thrown) !== 'EXDEV') throw thrown;
    await copyFile(from, to);
    await rm(from);
  }
}

/** In bounded memory, whatever the length. */
async function hashAndSync(path: string): Promise<Stored> {
  const handle = await open(path, 'r+');
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK, bytes);
      if (bytesRead === 0) break;
      hash.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    await handle.sync();
    return { digest: Digest.parse(hash.digest('hex')), bytes };
  } finally {
    await handle.close();
  }
}

async function readSlice(handle: Awaited<ReturnType<typeof open>>, offset: number, length: number): Promise<Buffer> {
  const { size } = await handle.stat();
  const wanted = Math.max(Math.min(length, size - offset), 0);
  const slice = Buffer.allocUnsafe(wanted);
  let done = 0;
  while (done < wanted) {
    const { bytesRead } = await handle.read(slice, done, wanted - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return slice.subarray(0, done);
}
