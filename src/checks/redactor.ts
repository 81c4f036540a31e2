import { patchItems } from '../git/patchItems.ts';
import type { Literal } from './literals.ts';
import { Literals, SHORTEST_LITERAL } from './literals.ts';

/** A secret to take out: what it is called, and the file that it was found in. */
export interface Redacted {
  readonly rule: string;
  readonly secret: string;
  readonly source: string;
  /** See SecretMatch. */
  readonly isGiven?: true;
}

const WITHHELD = '[withheld: the relay does not know all secrets in this, or cannot take one out]\n';

/** Bytes of a secret from which its base 64 is looked for: that of less would be short, and stand elsewhere by chance. */
const SHORTEST_ENCODED = 12;

/** Lines of a secret that say nothing: a block's head, its end, its headers. */
const TELLS_NOTHING = /^(?:-----|[A-Za-z-]{1,30}: )/;

/**
 * Takes secrets out of whatever may hold them: as they stand, in a JSON string, percent-encoded, in base 64. Each line of a
 * secret is taken out by itself, so that lines stay lines, whatever stands before them (a diff's sign, a log's time). It
 * keeps the secrets to itself: neither JSON nor a log shows any.
 */
export class Redactor {
  readonly #literals: Literals;
  /** Without what only programs have printed: it stands in no patch, and a patch that is good stays as it is. */
  readonly #inPatches: Literals;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #withholds: boolean;

  /** Where not all of the secrets are known, nothing is let through. `printed`: those that are in no patch. */
  constructor(secrets: readonly Redacted[], areAll = true, printed: readonly Redacted[] = []) {
    // Nor where one of them has nothing that could be looked for.
    this.#withholds = !areAll || [...secrets, ...printed].some((one) => piecesOf(one).length === 0);
    this.#inPatches = new Literals(this.#withholds ? [] : literalsOf(secrets));
    const all = printed.length === 0 ? undefined : literalsOf([...secrets, ...printed]);
    this.#literals = this.#withholds || all === undefined ? this.#inPatches : new Literals(all);
    this.#sources = new Map(secrets.map(({ source, rule }) => [source, markOf(rule)]));
  }

  /** Whether there is nothing to take out. */
  get isIdle(): boolean {
    return this.#literals.isEmpty && !this.#withholds;
  }

  /** The bytes with `[redacted: GitHub Token]` where a secret stood; the same bytes where none did. */
  bytes(bytes: Buffer): Buffer {
    if (this.#withholds) return Buffer.from(WITHHELD);
    return replaced(bytes, this.#literals.in(bytes));
  }

  text(text: string): string {
    return this.isIdle ? text : this.bytes(Buffer.from(text)).toString('utf8');
  }

  /** A patch: as `bytes`, and the compressed content of a file with a secret in it as well. It does not apply any more. */
  patch(patch: Buffer): Buffer {
    if (this.#withholds) return Buffer.from(WITHHELD);
    if (this.#inPatches.isEmpty) return patch;
    const text = replaced(patch, this.#binariesIn(patch));
    return replaced(text, this.#inPatches.in(text));
  }

  *#binariesIn(patch: Buffer): Generator<{ from: number; to: number; mark: string }> {
    let mark: string | undefined;
    for (const item of patchItems(patch)) {
      if (item.kind === 'file') mark = this.#sources.get(item.path);
      else if (item.kind === 'binary' && mark !== undefined)
        yield { from: item.from, to: item.to, mark: `${mark}\n\n` };
    }
  }
}

function markOf(rule: string): string {
  return `[redacted: ${rule}]`;
}

function* literalsOf(secrets: readonly Redacted[]): Generator<Literal> {
  const seen = new Set<string>();
  for (const one of secrets) {
    const { rule } = one;
    for (const line of piecesOf(one)) {
      for (const form of formsOf(Buffer.from(line, 'latin1'))) {
        if (seen.has(form)) continue;
        seen.add(form);
        yield { bytes: Buffer.from(form, 'latin1'), mark: markOf(rule) };
      }
    }
  }
}

/** What of a secret is looked for. */
function piecesOf({ secret, isGiven }: Pick<Redacted, 'secret' | 'isGiven'>): readonly string[] {
  return [...(isGiven === true ? [secret, ...secret.split(/\r?\n/)] : []), ...linesOf(secret), ...passwordIn(secret)];
}

/** The lines of a secret that give it away, longest first. */
export function linesOf(secret: string): readonly string[] {
  return secret
    .split(/\r?\n|\\r|\\n|-----(?:BEGIN|END)[^-\n]*-----/)
    .map((line) => line.replace(/^[\s"'`,\\]+|["'`]\s*\+\s*$|[\s"'`,\\]+$/g, ''))
    .filter((line) => line.length >= SHORTEST_LITERAL && !TELLS_NOTHING.test(line))
    .sort((a, b) => b.length - a.length);
}

/** A URL's password by itself: programs print it without its URL. */
function passwordIn(secret: string): readonly string[] {
  const password = /^[^\s:/]+:\/\/[^:/]*:(.*)@/.exec(secret)?.[1];
  return password === undefined ? [] : [password];
}

/** The ways in which bytes may be written down, as latin1. */
export function formsOf(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8');
  const forms = [
    bytes.toString('latin1'),
    Buffer.from(JSON.stringify(text).slice(1, -1)).toString('latin1'),
    encodeURIComponent(text),
  ];
  if (bytes.length >= SHORTEST_ENCODED) {
    const encoded = [0, 1, 2].map((shift) => base64Within(bytes, shift));
    forms.push(...encoded, ...encoded.map((one) => one.replaceAll('+', '-').replaceAll('/', '_')));
  }
  return forms.filter((form) => form.length >= SHORTEST_LITERAL);
}

/** What all base 64 of a text has in common that holds the bytes after `shift` others, modulo 3. */
function base64Within(bytes: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
  return whole.toString('base64').slice(Math.ceil((shift * 4) / 3), Math.floor((whole.length * 4) / 3));
}

function replaced(bytes: Buffer, places: Iterable<{ from: number; to: number; mark: string }>): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { from, to, mark } of places) {
    parts.push(bytes.subarray(at, from), Buffer.from(mark));
    at = to;
  }
  return at === 0 && parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(at)]);
}
