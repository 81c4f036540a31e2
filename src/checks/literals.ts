/** A piece of bytes that is looked for, and what stands in its place. */
export interface Literal {
  readonly bytes: Buffer;
  readonly mark: string;
}

/** Where literals stand in bytes. */
export interface Occurrence {
  readonly from: number;
  readonly to: number;
  readonly mark: string;
}

/** Shorter ones are not looked for: they would stand everywhere. */
export const SHORTEST_LITERAL = 6;

const SLOTS = 1 << 16;

/**
 * Finds any of many literals in one pass over the bytes: a table of their first four bytes lets nearly every position go by
 * with one look, however many there are. Of those that begin at one place, the longest.
 */
export class Literals {
  readonly #slots = new Uint8Array(SLOTS);
  readonly #byHead = new Map<number, Literal[]>();

  constructor(literals: Iterable<Literal>) {
    for (const literal of literals) {
      if (literal.bytes.length < SHORTEST_LITERAL) continue;
      const head = literal.bytes.readUInt32LE(0);
      this.#slots[slotOf(head)] = 1;
      const same = this.#byHead.get(head) ?? [];
      same.push(literal);
      this.#byHead.set(
        head,
        same.sort((a, b) => b.bytes.length - a.bytes.length),
      );
    }
  }

  get isEmpty(): boolean {
    return this.#byHead.size === 0;
  }

  *in(bytes: Buffer): Generator<Occurrence> {
    if (this.isEmpty || bytes.length < SHORTEST_LITERAL) return;
    let head = bytes.readUInt32LE(0);
    for (let at = 0; ;) {
      if (this.#slots[slotOf(head)] === 1) {
        const literal = this.#byHead.get(head)?.find((one) => standsAt(bytes, at, one.bytes));
        if (literal !== undefined) {
          yield { from: at, to: at + literal.bytes.length, mark: literal.mark };
          at += literal.bytes.length;
          if (at + 4 > bytes.length) return;
          head = bytes.readUInt32LE(at);
          continue;
        }
      }
      at += 1;
      if (at + 4 > bytes.length) return;
      head = (head >>> 8) | ((bytes[at + 3] ?? 0) << 24);
      head >>>= 0;
    }
  }
}

function standsAt(bytes: Buffer, at: number, what: Buffer): boolean {
  return at + what.length <= bytes.length && bytes.compare(what, 0, what.length, at, at + what.length) === 0;
}

function slotOf(head: number): number {
  return Math.imul(head, 0x9e3779b1) >>> 16;
}
