import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/result.ts';
import type { RawLine } from '../domain/executor.ts';
import { BoundedFile } from './boundedFile.ts';

/** Characters that wait for the file to be there. A cassette is played at once. */
const MOST_EARLY = 32 * 1024 * 1024;

/** What an executor's program printed, a JSON object a line: `at` (ms since the first), `stream`, `text`; `exit` at its end. */
export class RawStream {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #say: (text: string) => void;
  #began: number | undefined;
  #opening: Promise<BoundedFile | undefined> | undefined;
  #file: BoundedFile | undefined;
  #early: string[] = [];
  #earlyLength = 0;
  #left = 0;
  #lost = false;

  /** The file is made with the first line: most executors print nothing that the log has not. `say` hears once if it cannot be. */
  constructor(path: string, clock: Clock, say: (text: string) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#say = say;
  }

  write(line: RawLine): void {
    if (this.#lost) return;
    const now = this.#clock.monotonic();
    this.#began ??= now;
    const text = `${JSON.stringify({ at: Math.round(now - this.#began), ...line })}\n`;
    if (this.#file !== undefined) {
      this.#file.write(text);
      return;
    }
    if (this.#earlyLength < MOST_EARLY) this.#early.push(text);
    else this.#left += Buffer.byteLength(text);
    this.#earlyLength += text.length;
    this.#opening ??= this.#open();
  }

  /** The bytes that it would have if it ended now; nothing where nothing was printed. */
  async soFar(): Promise<Buffer> {
    return (await this.#opening)?.soFar() ?? Buffer.alloc(0);
  }

  /** Resolves with where it is, if anywhere. */
  async close(): Promise<string | undefined> {
    const file = await this.#opening;
    await file?.close();
    return file?.path;
  }

  /** Without a file (too many are open, the disk is full) the attempt goes on: its log is what matters. */
  async #open(): Promise<BoundedFile | undefined> {
    try {
      const file = await BoundedFile.create(this.#path, { clock: this.#clock, onGrown: () => undefined, cut });
      for (const line of this.#early) file.write(line);
      if (this.#left > 0) file.write(cut(this.#left));
      this.#file = file;
    } catch (thrown) {
      this.#lost = true;
      this.#say(`what the program prints could not be kept beside this log: ${messageOf(thrown)}`);
    }
    this.#early = [];
    return this.#file;
  }
}

function cut(bytes: number): string {
  return `${JSON.stringify({ cut: bytes })}\n`;
}
