import type { SecretMatch, SecretRule } from './secretRule.ts';

/** A secret, and the line that it begins in; of a line that is context, the first that the patch adds. */
export interface PlacedMatch extends SecretMatch {
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** Characters that are looked at together, and those of them that are looked at again with what follows. */
const WINDOW = 256 * 1024;
const OVERLAP = 32 * 1024;

interface Piece {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Whether its line goes on in the next piece. */
  readonly isPart: boolean;
  /** Whether it is new: a secret that touches no new line is none of the patch's. */
  readonly fresh: boolean;
}

/**
 * Scans a text that comes line by line, in windows that overlap: memory is bounded, and no secret shorter than the overlap
 * is missed at an edge. Lines are latin1, without their newline, and may come in pieces.
 */
export class SecretWindow {
  readonly #source: string;
  readonly #rules: readonly SecretRule[];
  readonly #found = new Map<string, PlacedMatch>();
  #pieces: Piece[] = [];
  #length = 0;
  /** The window begins in the middle of a line: what matches there has lost its beginning. */
  #isCut = false;

  constructor(source: string, rules: readonly SecretRule[]) {
    this.#source = source;
    this.#rules = rules;
  }

  get found(): number {
    return this.#found.size;
  }

  /** A line, from its `column` on: counted from 1, in bytes. */
  line(text: string, line: number, column: number, fresh: boolean): void {
    let from = 0;
    for (; text.length - from > OVERLAP; from += OVERLAP) {
      this.#add({ text: text.slice(from, from + OVERLAP), line, column: column + from, isPart: true, fresh });
    }
    const rest = from === 0 ? text : text.slice(from);
    this.#add({ text: rest, line, column: column + from, isPart: false, fresh });
  }

  /** Lines that follow do not stand below the ones before. */
  gap(): void {
    if (this.#length > 0) this.#add({ text: '\0', line: 0, column: 1, isPart: false, fresh: false });
  }

  end(): readonly PlacedMatch[] {
    this.#scan(this.#length);
    this.#pieces = [];
    this.#length = 0;
    return [...this.#found.values()];
  }

  #add(piece: Piece): void {
    this.#pieces.push(piece);
    this.#length += lengthOf(piece);
    if (this.#length < WINDOW) return;
    let kept = this.#pieces.length;
    let length = 0;
    while (kept > 0 && length < OVERLAP) length += lengthOf(this.#pieces[--kept]);
    const isCut = this.#pieces[kept - 1]?.isPart === true;
    // What begins at the very cut looks to the next window like the end of something.
    this.#scan(this.#length - length + (isCut ? 1 : 0));
    this.#isCut = isCut;
    this.#pieces = this.#pieces.slice(kept);
    this.#length = length;
  }

  /** Takes what begins before `until`; what begins after is seen again with more behind it. */
  #scan(until: number): void {
    if (!this.#pieces.some(({ fresh }) => fresh)) return;
    const text = this.#text();
    for (const match of outermost(this.#rules.flatMap((rule) => rule(text)))) {
      if (match.start >= until || (match.start === 0 && this.#isCut)) continue;
      const placed = this.#place(match);
      if (placed === undefined) continue;
      // What is known as it is may stand in every line of a log: where it stands first is enough to take it out.
      const key = match.isGiven === true ? '' : `${String(placed.line)}:${String(placed.column)}:`;
      if (key !== '' || !this.#found.has(match.secret)) this.#found.set(`${key}${match.secret}`, placed);
    }
  }

  #text(): string {
    if (!this.#pieces.some(({ isPart }) => isPart)) return `${this.#pieces.map(({ text }) => text).join('\n')}\n`;
    return this.#pieces.map(({ text, isPart }) => (isPart ? text : `${text}\n`)).join('');
  }

  #place(match: SecretMatch): PlacedMatch | undefined {
    let at = 0;
    for (const piece of this.#pieces) {
      const { text, line, column, fresh } = piece;
      const end = at + lengthOf(piece);
      if (fresh && end > match.start && at < match.start + match.secret.length) {
        const before = text.slice(0, Math.max(0, match.start - at));
        const shown = Buffer.from(before, 'latin1').toString('utf8').length;
        // A copy: a slice would keep the whole window.
        const secret = Buffer.from(match.secret, 'latin1').toString('latin1');
        return { ...match, secret, source: this.#source, line, column: column + shown };
      }
      at = end;
    }
    return undefined;
  }
}

/** With the newline. */
function lengthOf(piece: Piece | undefined): number {
  return piece === undefined ? 0 : piece.text.length + (piece.isPart ? 0 : 1);
}

/** Of matches that overlap, the one that begins first and is longest: one secret is one find. */
function outermost(matches: SecretMatch[]): readonly SecretMatch[] {
  const kept: SecretMatch[] = [];
  let end = -1;
  for (const match of matches.sort((a, b) => a.start - b.start || b.secret.length - a.secret.length)) {
    if (match.start + match.secret.length <= end) continue;
    kept.push(match);
    end = match.start + match.secret.length;
  }
  return kept;
}
