import type { Clock } from '../base/clock.ts';
import type { RawLine } from '../domain/executor.ts';
import { BoundedFile } from './boundedFile.ts';

/** What an executor's program printed, a JSON object a line: `at` (ms since the first), `stream`, `text`; `exit` at its end. */
export class RawStream {
  readonly #path: string;
  readonly #clock: Clock;
  #began: number | undefined;
  #opening: Promise<BoundedFile> | undefined;
  #file: BoundedFile | undefined;
  #early: string[] = [];

  /** The file is made with the first line: most executors print nothing that the log has not. */
  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  write(line: RawLine): void {
    const now = this.#clock.monotonic();
    this.#began ??= now;
    const text = `${JSON.stringify({ at: Math.round(now - this.#began), ...line })}\n`;
    if (this.#file !== undefined) {
      this.#file.write(text);
      return;
    }
    this.#early.push(text);
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

  async #open(): Promise<BoundedFile> {
    const cut = (bytes: number): string => `${JSON.stringify({ cut: bytes })}\n`;
    const file = await BoundedFile.create(this.#path, { clock: this.#clock, onGrown: () => undefined, cut });
    for (const line of this.#early) file.write(line);
    this.#early = [];
    this.#file = file;
    return file;
  }
}
