import { close, constants, fdatasync, ftruncate, open, write } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, type Result } from '../base/result.ts';
import { syncDirectory } from './durableFile.ts';
import { attemptIo, ioError, type IoError } from './ioError.ts';
import { journalHeader } from './journalText.ts';

/** The system calls below a journal, one method each: where a test lets the disk fail. */
export interface Disk {
  /** Whether a file opened with O_DSYNC has written durably when `write` is done, so that `sync` is not needed. */
  readonly writesThrough: boolean;
  /** How many bytes were written: it may be fewer than there are. */
  write(fd: number, bytes: Uint8Array, position: number): Promise<number>;
  sync(fd: number): Promise<void>;
  truncate(fd: number, length: number): Promise<void>;
}

/**
 * By callbacks: a FileHandle's promises cost a tenth of an append more. Another tenth is saved by O_DSYNC, one call in
 * place of write and fdatasync, where it is known to mean the same.
 */
export const realDisk: Disk = {
  writesThrough: process.platform === 'linux',
  write: (fd, bytes, position) =>
    new Promise((resolve, reject) =>
      write(fd, bytes, 0, bytes.length, position, (error, written) => (error ? reject(error) : resolve(written))),
    ),
  sync: (fd) => new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve()))),
  truncate: (fd, length) =>
    new Promise((resolve, reject) => ftruncate(fd, length, (error) => (error ? reject(error) : resolve()))),
};

/** One generation of the journal, open for appending. One call at a time. */
export class JournalFile {
  readonly path: string;
  readonly generation: number;
  readonly #fd: number;
  readonly #disk: Disk;
  /** What is on disk for certain; there may be bytes of a failed write after it while `#isClean` is false. */
  #size: number;
  #isClean = true;

  constructor(path: string, generation: number, fd: number, size: number, disk: Disk) {
    this.path = path;
    this.generation = generation;
    this.#fd = fd;
    this.#size = size;
    this.#disk = disk;
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** Writes all of the bytes durably, or none: what a failure left is cut off, now or before the next write. */
  async append(bytes: Uint8Array): Promise<Result<void, IoError>> {
    try {
      if (!this.#isClean) await this.#cut();
      this.#isClean = false;
      let done = 0;
      while (done < bytes.length) {
        const rest = done === 0 ? bytes : bytes.subarray(done);
        const written = await this.#disk.write(this.#fd, rest, this.#size + done);
        if (written === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'EIO' });
        done += written;
      }
      if (!this.#disk.writesThrough) await this.#disk.sync(this.#fd);
      this.#size += bytes.length;
      this.#isClean = true;
      return { ok: true, value: undefined };
    } catch (thrown) {
      if (codeOf(thrown) === undefined) throw thrown;
      if (!this.#isClean) await this.#cut().catch(() => undefined);
      return ioError(`write the journal ${this.path}`, thrown);
    }
  }

  /** Makes sure that nothing of a failed write is left at the end. */
  async clean(): Promise<Result<void, IoError>> {
    return attemptIo(`mend the journal ${this.path}`, async () => {
      if (!this.#isClean) await this.#cut();
    });
  }

  async #cut(): Promise<void> {
    await this.#disk.truncate(this.#fd, this.#size);
    await this.#disk.sync(this.#fd);
    this.#isClean = true;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => close(this.#fd, () => resolve()));
  }
}

/** Opens a journal that was read before: `whole` is the length of what is valid, and the rest is cut off. */
export async function openJournalFile(
  path: string,
  generation: number,
  whole: number,
  disk: Disk,
): Promise<Result<JournalFile, IoError>> {
  return attemptIo(`open the journal ${path}`, async () => {
    const fd = await openFd(path, constants.O_RDWR, disk);
    await disk.truncate(fd, whole);
    await disk.sync(fd);
    return new JournalFile(path, generation, fd, whole, disk);
  });
}

/** Makes an empty journal, in place of whatever is at `path`. */
export async function createJournalFile(
  path: string,
  generation: number,
  disk: Disk,
): Promise<Result<JournalFile, IoError>> {
  const opened = await attemptIo(`make the journal ${path}`, () =>
    openFd(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, disk),
  );
  if (!opened.ok) return opened;
  const file = new JournalFile(path, generation, opened.value, 0, disk);
  const written = await file.append(journalHeader(generation));
  const named = written.ok ? await attemptIo(`make the journal ${path}`, () => syncDirectory(dirname(path))) : written;
  if (named.ok) return { ok: true, value: file };
  await file.close();
  await rm(path, { force: true });
  return named;
}

function openFd(path: string, flags: number, { writesThrough }: Disk): Promise<number> {
  const all = writesThrough ? flags | constants.O_DSYNC : flags;
  return new Promise((resolve, reject) => open(path, all, 0o600, (error, fd) => (error ? reject(error) : resolve(fd))));
}
