/** The first `limit` bytes of a stream; what comes after is counted and dropped. */
export class Head {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #kept = 0;
  truncated = false;
  /** All bytes, kept or dropped. */
  seen = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(chunk: Buffer): void {
    const room = this.#limit - this.#kept;
    this.seen += chunk.length;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    const part = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#chunks.push(part);
    this.#kept += part.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks, this.#kept);
  }
}

/** The last `limit` bytes of a stream. */
export class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #kept = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
    // Cut now and then instead of each time, so that many small chunks cost little.
    if (this.#kept > 2 * this.#limit) this.#chunks = [this.bytes()];
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    const last = Buffer.from(all.subarray(Math.max(0, all.length - this.#limit)));
    this.#chunks = [last];
    this.#kept = last.length;
    return last;
  }
}
