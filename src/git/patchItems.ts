import { pathOf } from './patch.ts';
import { shown } from './path.ts';

/** One step of a walk through a patch. A line is told by where its text stands in the patch, without sign and newline. */
export type PatchItem =
  | { readonly kind: 'file'; readonly path: string }
  /** The file has no lines: what follows is compressed, from `from` to `to`. */
  | { readonly kind: 'binary'; readonly from: number; readonly to: number }
  | { readonly kind: 'hunk' }
  | {
      readonly kind: 'line';
      readonly sign: '+' | ' ';
      readonly from: number;
      readonly to: number;
      /** In the new file, from 1. */
      readonly line: number;
    };

const NEWLINE = 10;
const HUNK = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const LONGEST_HUNK_HEAD = 100;

/**
 * Walks through a `git diff --binary` patch and tells the new side of its files: what a patch adds, with its context.
 * Nothing but the item at hand is kept, however large the patch is. A patch that is malformed is walked as far as it goes.
 */
export function* patchItems(patch: Buffer): Generator<PatchItem> {
  let at = 0;
  let removed = 0;
  let left = 0;
  let line = 1;
  while (at < patch.length) {
    const newline = patch.indexOf(NEWLINE, at);
    const end = newline < 0 ? patch.length : newline;
    const sign = patch[at];
    if (removed > 0 || left > 0) {
      if (sign === MINUS) removed -= 1;
      else if (sign !== BACKSLASH) {
        left -= 1;
        if (sign !== PLUS) removed -= 1;
        yield { kind: 'line', sign: sign === PLUS ? '+' : ' ', from: Math.min(at + 1, end), to: end, line };
        line += 1;
      }
    } else if (startsWith(patch, at, DIFF)) {
      yield { kind: 'file', path: shown(pathOf(patch.toString('latin1', at, end))) };
    } else if (startsWith(patch, at, BINARY)) {
      const to = endOfBinary(patch, end + 1);
      yield { kind: 'binary', from: end + 1, to };
      at = to;
      continue;
    } else if (sign === AT) {
      const hunk = HUNK.exec(patch.toString('latin1', at, Math.min(end, at + LONGEST_HUNK_HEAD)));
      if (hunk !== null) {
        removed = Number(hunk[1] ?? 1);
        line = Number(hunk[2]);
        left = Number(hunk[3] ?? 1);
        yield { kind: 'hunk' };
      }
    }
    at = end + 1;
  }
}

const PLUS = 0x2b;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;
const AT = 0x40;
const DIFF = Buffer.from('diff --git ');
const BINARY = Buffer.from('GIT binary patch');

function startsWith(patch: Buffer, at: number, word: Buffer): boolean {
  if (patch[at] !== word[0] || at + word.length > patch.length) return false;
  return patch.compare(word, 0, word.length, at, at + word.length) === 0;
}

/** Where the next file begins: no line of compressed content begins as it does. */
function endOfBinary(patch: Buffer, from: number): number {
  const next = patch.indexOf('\ndiff --git ', from - 1);
  return next < 0 ? patch.length : next + 1;
}
