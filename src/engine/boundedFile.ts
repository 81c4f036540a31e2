import { open, readFile, type FileHandle } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Lane } from '../base/lane.ts';

/** Bytes that are kept from the beginning and from the end; what lies between is counted and left out. */
const HEAD_BYTES = 8 * 1024 * 1024;
const TAIL_BYTES = 1024 * 1024;

/** Lines that come together are written together. */
const FLUSH_AFTER_MS = 50;

export interface BoundedFileOptions {
  readonly clock: Clock;
  /** Hears how many bytes are on disk. */
  readonly onGrown: (bytes: number) => void;
  /** The line that stands where so many bytes were left out. */
  readonly cut: (bytes: number) => string;
}

/** A file of lines that grows while others read it. Memory and file are bounded however much is written. */
export class BoundedFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #clock: Clock;
  readonly #onGrown: (bytes: number) => void;
  readonly #lane = new Lane();
  #pending: string[] = [];
  #timer: Disposable | undefined;
  #taken = 0;
  #written = 0;
  #tail: string[] = [];
  #tailBytes = 0;
  #left = 0;

  readonly #cut: (bytes: number) => string;

  private constructor(path: string, file: FileHandle, { clock, onGrown, cut }: BoundedFileOptions) {
    this.path = path;
    this.#file = file;
    this.#clock = clock;
    this.#onGrown = onGrown;
    this.#cut = cut;
  }

  static async create(path: string, options: BoundedFileOptions): Promise<BoundedFile> {
    return new BoundedFile(path, await open(path, 'w', 0o600), options);
  }

  /** One line with its end. */
  write(line: string): void {
    this.#take(line);
  }

  /** The bytes that the file would have if it ended now. */
  async soFar(): Promise<Buffer> {
    await this.#flush();
    const written = await readFile(this.path);
    return this.#tail.length === 0 ? written : Buffer.concat([written, Buffer.from(this.#tail.join(''))]);
  }

  /** Writes what is left, and the end of a file that was cut. */
  async close(): Promise<void> {
    if (this.#left > 0) this.#pending.push(this.#cut(this.#left));
    this.#pending.push(...this.#tail);
    this.#tail = [];
    await this.#flush();
    await this.#file.close();
  }

  #take(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#taken + bytes > HEAD_BYTES || this.#tailBytes > 0) {
      this.#takeTail(line, bytes);
      return;
    }
    this.#taken += bytes;
    this.#pending.push(line);
    this.#timer ??= this.#clock.after(FLUSH_AFTER_MS, () => void this.#flush());
  }

  #takeTail(line: string, bytes: number): void {
    this.#tail.push(line);
    this.#tailBytes += bytes;
    if (this.#tailBytes < 2 * TAIL_BYTES) return;
    // Halves at a time, so that a flood costs a copy a megabyte and not a line.
    let kept = 0;
    let from = this.#tail.length;
    while (from > 0 && kept < TAIL_BYTES) kept += Buffer.byteLength(this.#tail[--from] ?? '');
    this.#left += this.#tailBytes - kept;
    this.#tail = this.#tail.slice(from);
    this.#tailBytes = kept;
  }

  #flush(): Promise<void> {
    this.#timer?.dispose();
    this.#timer = undefined;
    return this.#lane.run(async () => {
      if (this.#pending.length === 0) return;
      const bytes = Buffer.from(this.#pending.join(''));
      this.#pending = [];
      try {
        await this.#file.writeFile(bytes);
      } catch {
        // A full disk must not fail the attempt: the file has a gap, and what matters is told by the store.
        return;
      }
      this.#written += bytes.byteLength;
      this.#onGrown(this.#written);
    });
  }
}
