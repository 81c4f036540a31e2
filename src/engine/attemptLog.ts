import { open, readFile, type FileHandle } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Lane } from '../base/lane.ts';
import type { LogEvent } from '../domain/executor.ts';

/** Bytes of a log that are kept from its beginning and from its end; what lies between is counted and left out. */
const LOG_HEAD_BYTES = 8 * 1024 * 1024;
const LOG_TAIL_BYTES = 1024 * 1024;

/** Lines that come together are written together. */
const FLUSH_AFTER_MS = 50;

/**
 * The log of one attempt, as a file that grows: a line an event with its time (ISO 8601, UTC) and stream. Memory and file
 * are bounded however much a program prints.
 */
export class AttemptLog {
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

  private constructor(path: string, file: FileHandle, clock: Clock, onGrown: (bytes: number) => void) {
    this.path = path;
    this.#file = file;
    this.#clock = clock;
    this.#onGrown = onGrown;
  }

  static async create(path: string, clock: Clock, onGrown: (bytes: number) => void): Promise<AttemptLog> {
    return new AttemptLog(path, await open(path, 'w', 0o600), clock, onGrown);
  }

  write({ stream, text }: LogEvent): void {
    const at = new Date(this.#clock.now()).toISOString();
    for (const line of text.replace(/\n$/, '').split('\n')) this.#take(`${at} ${stream.padEnd(6)} | ${line}\n`);
  }

  /** The bytes that the log would have if it ended now. */
  async soFar(): Promise<Buffer> {
    await this.#flush();
    const written = await readFile(this.path);
    return this.#tail.length === 0 ? written : Buffer.concat([written, Buffer.from(this.#tail.join(''))]);
  }

  /** Writes what is left, and the end of a log that was cut. */
  async close(): Promise<void> {
    if (this.#left > 0) {
      this.#pending.push(`[${String(this.#left)} bytes were left out here: the log is longer than the relay keeps]\n`);
    }
    this.#pending.push(...this.#tail);
    this.#tail = [];
    await this.#flush();
    await this.#file.close();
  }

  #take(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#taken + bytes > LOG_HEAD_BYTES || this.#tailBytes > 0) {
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
    if (this.#tailBytes < 2 * LOG_TAIL_BYTES) return;
    // Halves at a time, so that a flood costs a copy a megabyte and not a line.
    let kept = 0;
    let from = this.#tail.length;
    while (from > 0 && kept < LOG_TAIL_BYTES) kept += Buffer.byteLength(this.#tail[--from] ?? '');
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
        // A full disk must not fail the attempt: the log has a gap, and what matters is told by the store.
        return;
      }
      this.#written += bytes.byteLength;
      this.#onGrown(this.#written);
    });
  }
}
