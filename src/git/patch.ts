import { err, ok, type Result } from '../base/result.ts';
import { unquoted, type BytePath } from './path.ts';

/** Lines added and deleted in one file of a patch; `binary` files have no lines. */
export interface PatchedFile {
  readonly path: BytePath;
  readonly added: number;
  readonly deleted: number;
  readonly binary: boolean;
}

/** The body of a hunk, a character a byte, with each line's sign; `oldStart` and `newStart` count from 1. */
export interface Hunk {
  readonly path: BytePath;
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}

export interface MalformedPatch {
  readonly kind: 'malformed';
  readonly message: string;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
/** What may stand between a file's first line and its hunks. Renames and copies may not: the relay's patches carry none. */
const HEADER =
  /^(?:(?:old mode|new mode|new file mode|deleted file mode) \d+|index [0-9a-f]+\.\.[0-9a-f]+(?: \d+)?|(?:---|\+\+\+) .*)$/s;
const MODE = /^(?:old|new|new file|deleted file) mode (\d+)$|^index \S+ (\d+)$/;
const MODES: ReadonlySet<string> = new Set(['100644', '100755', '120000', '160000']);

/**
 * Reads a `git diff --full-index --binary` patch: every line must be one that git writes there, and every hunk have the lines
 * that it announces; `onHunk` hears of each. It is walked through line by line: a list of the lines of a large patch would be
 * several times its size.
 */
export function parsePatch(
  patch: Uint8Array,
  onHunk?: (hunk: Hunk) => void,
): Result<readonly PatchedFile[], MalformedPatch> {
  const lines = new Lines(Buffer.from(patch.buffer, patch.byteOffset, patch.byteLength));
  const files: { path: BytePath; added: number; deleted: number; binary: boolean }[] = [];
  while (lines.next()) {
    const file = files.at(-1);
    if (lines.startsWith('diff --git ')) {
      const path = pathOf(lines.text());
      if (!namesOnce(lines.text(), path)) return malformed(lines.number, 'it names two paths, which would be a rename');
      files.push({ path, added: 0, deleted: 0, binary: false });
    } else if (lines.isEmpty || file?.binary === true || lines.startsWith('\\ ')) {
      // The end of the text; a binary content in base 85, whose lines have no spaces; a word about the line before.
    } else if (file === undefined) {
      return malformed(lines.number, 'it does not begin with "diff --git"');
    } else if (lines.startsWith('GIT binary patch')) {
      file.binary = true;
    } else {
      const hunk = lines.startsWith('@@ -') ? HUNK.exec(lines.text()) : null;
      const wrong = hunk === null ? wrongHeader(lines.text(), file.path) : readHunk(lines, file, hunk, onHunk);
      if (wrong !== undefined) return malformed(lines.number, wrong);
    }
  }
  return ok(files);
}

/** Counts a hunk's lines; what is wrong with it, where something is. */
function readHunk(
  lines: Lines,
  file: { readonly path: BytePath; added: number; deleted: number },
  [, oldStart, oldLines, newStart, newLines]: RegExpExecArray,
  onHunk?: (hunk: Hunk) => void,
): string | undefined {
  const body: string[] = [];
  let [old, now] = [Number(oldLines ?? 1), Number(newLines ?? 1)];
  while (old > 0 || now > 0) {
    if (!lines.next() || lines.isEnd) return 'the last hunk ends early';
    if (onHunk !== undefined) body.push(lines.text());
    if (lines.startsWith('+')) {
      file.added += 1;
      now -= 1;
    } else if (lines.startsWith('-')) {
      file.deleted += 1;
      old -= 1;
    } else if (lines.startsWith(' ') || lines.isEmpty) {
      old -= 1;
      now -= 1;
    } else if (!lines.startsWith('\\')) {
      return `"${lines.text().slice(0, 40)}" is no line of a hunk`;
    }
    if (old < 0 || now < 0) return 'a hunk has more lines than it announces';
  }
  onHunk?.({ path: file.path, oldStart: Number(oldStart), newStart: Number(newStart), lines: body });
  return undefined;
}

/** A walk through lines: only the one at hand is looked at. */
class Lines {
  readonly #bytes: Buffer;
  #from = 0;
  #to = -1;
  /** Of the line at hand, from 1. */
  number = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#from === this.#to;
  }

  /** Whether it is the empty one behind the last newline. */
  get isEnd(): boolean {
    return this.isEmpty && this.#to >= this.#bytes.length;
  }

  /** Goes to the next line; after a last newline there is an empty one. */
  next(): boolean {
    if (this.#to >= this.#bytes.length) return false;
    this.#from = this.#to + 1;
    const newline = this.#bytes.indexOf(10, this.#from);
    this.#to = newline < 0 ? this.#bytes.length : newline;
    this.number += 1;
    return true;
  }

  startsWith(word: string): boolean {
    if (this.#to - this.#from < word.length) return false;
    for (let at = 0; at < word.length; at++) if (this.#bytes[this.#from + at] !== word.charCodeAt(at)) return false;
    return true;
  }

  /** One character a byte. */
  text(): string {
    return this.#bytes.toString('latin1', this.#from, this.#to);
  }
}

/** `diff --git a/X b/X` names one path twice, because the relay's patches carry no renames. */
export function pathOf(line: string): BytePath {
  const names = line.slice('diff --git '.length);
  const quoted = /^("a\/(?:[^"\\]|\\.)*") /.exec(names)?.[1];
  return quoted === undefined ? names.slice(2, (names.length - 1) / 2) : unquoted(quoted).slice(2);
}

function namesOnce(line: string, path: BytePath): boolean {
  const names = line.slice('diff --git '.length);
  const second = /^"a\/(?:[^"\\]|\\.)*" ("b\/(?:[^"\\]|\\.)*")$/.exec(names)?.[1];
  return second === undefined ? names === `a/${path} b/${path}` : unquoted(second).slice(2) === path;
}

function wrongHeader(line: string, path: BytePath): string | undefined {
  if (!HEADER.test(line)) {
    return /^(?:rename|copy|similarity|dissimilarity) /.test(line)
      ? 'it tells a rename or a copy, and the relay’s patches carry none'
      : `"${line.slice(0, 40)}" is no line of a patch`;
  }
  const mode = MODE.exec(line);
  const bits = mode?.[1] ?? mode?.[2];
  if (bits !== undefined && !MODES.has(bits)) return `git keeps no mode ${bits}`;
  if (!/^(?:---|\+\+\+) /.test(line)) return undefined;
  // A tab marks the end of a name with spaces.
  const name = unquoted(line.slice(4).replace(/\t$/, ''));
  return name === '/dev/null' || name === `${line.startsWith('-') ? 'a' : 'b'}/${path}`
    ? undefined
    : `"${line.slice(0, 60)}" is another path than that of its file`;
}

function malformed(line: number, what: string): Result<never, MalformedPatch> {
  return err({ kind: 'malformed', message: `patch.diff is malformed at line ${String(line)}: ${what}` });
}
