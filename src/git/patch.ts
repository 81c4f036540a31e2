import { err, ok, type Result } from '../base/result.ts';
import { shown, unquoted, type BytePath } from './path.ts';

/** Lines added and deleted in one file of a patch; `binary` files have no lines. */
export interface PatchedFile {
  readonly path: string;
  readonly added: number;
  readonly deleted: number;
  readonly binary: boolean;
}

export interface MalformedPatch {
  readonly kind: 'malformed';
  readonly message: string;
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/**
 * Reads a `git diff --full-index --binary` patch; every hunk must have the lines that it announces. It is walked through
 * line by line: a list of the lines of a large patch would be several times its size.
 */
export function parsePatch(patch: Uint8Array): Result<readonly PatchedFile[], MalformedPatch> {
  const lines = new Lines(Buffer.from(patch.buffer, patch.byteOffset, patch.byteLength));
  const files: { path: BytePath; added: number; deleted: number; binary: boolean }[] = [];
  while (lines.next()) {
    const file = files.at(-1);
    if (lines.startsWith('diff --git ')) {
      files.push({ path: pathOf(lines.text()), added: 0, deleted: 0, binary: false });
    } else if (lines.startsWith('GIT binary patch') && file !== undefined) {
      file.binary = true;
    } else if (lines.startsWith('@@ -')) {
      const hunk = HUNK.exec(lines.text());
      if (hunk === null) continue;
      if (file === undefined) return malformed(lines.number, 'a hunk without a file');
      const wrong = readHunk(lines, file, Number(hunk[1] ?? 1), Number(hunk[2] ?? 1));
      if (wrong !== undefined) return malformed(lines.number, wrong);
    }
  }
  if (files.length === 0 && patch.byteLength > 0) return malformed(1, 'no "diff --git" line');
  return ok(files.map((file) => ({ ...file, path: shown(file.path) })));
}

/** Counts a hunk's lines; what is wrong with it, where something is. */
function readHunk(
  lines: Lines,
  file: { added: number; deleted: number },
  oldLines: number,
  newLines: number,
): string | undefined {
  let [old, now] = [oldLines, newLines];
  while (old > 0 || now > 0) {
    if (!lines.next()) return 'the last hunk ends early';
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
  }
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

function malformed(line: number, what: string): Result<never, MalformedPatch> {
  return err({ kind: 'malformed', message: `patch.diff is malformed at line ${String(line)}: ${what}` });
}
