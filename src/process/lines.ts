import { StringDecoder } from 'node:string_decoder';

const NEWLINE = 0x0a;
/** Bytes of one line that are kept, where nothing else is said. */
export const LONGEST_LINE = 64 * 1024;

/**
 * Bytes in, lines of text out, as they are complete: without their end (`\n` or `\r\n`), bytes that are no UTF-8 as U+FFFD,
 * and a line past the longest cut with a note. `end` tells the last line where nothing ended it.
 */
export class Lines {
  readonly #onLine: (text: string) => void;
  readonly #longest: number;
  #pieces: Buffer[] = [];
  #kept = 0;
  #dropped = 0;

  constructor(onLine: (text: string) => void, longest = LONGEST_LINE) {
    this.#onLine = onLine;
    this.#longest = longest;
  }

  take(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at));
      this.#tell();
      from = at + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  end(): void {
    if (this.#kept > 0) this.#tell();
  }

  #keep(bytes: Buffer): void {
    const room = this.#longest - this.#kept;
    const part = bytes.length > room ? bytes.subarray(0, room) : bytes;
    if (part.length > 0) this.#pieces.push(part);
    this.#kept += part.length;
    this.#dropped += bytes.length - part.length;
  }

  #tell(): void {
    const [only, more] = this.#pieces;
    const bytes = only !== undefined && more === undefined ? only : Buffer.concat(this.#pieces);
    const dropped = this.#dropped;
    this.#pieces = [];
    this.#kept = 0;
    this.#dropped = 0;
    // A cut inside a character leaves that character out.
    if (dropped > 0) this.#onLine(`${new StringDecoder('utf8').write(bytes)} … (${dropped} more bytes in this line)`);
    else this.#onLine(bytes.toString('utf8', 0, bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length));
  }
}
