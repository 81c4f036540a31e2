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

/** Reads a `git diff --full-index --binary` patch; every hunk must have the lines that it announces. */
export function parsePatch(patch: Uint8Array): Result<readonly PatchedFile[], MalformedPatch> {
  const lines = Buffer.from(patch.buffer, patch.byteOffset, patch.byteLength).toString('latin1').split('\n');
  const files: { path: BytePath; added: number; deleted: number; binary: boolean }[] = [];
  let index = 0;
  while (index < lines.length) {
    const line = lines[index] ?? '';
    const file = files.at(-1);
    index += 1;
    const hunk = HUNK.exec(line);
    if (line.startsWith('diff --git ')) {
      files.push({ path: pathOf(line), added: 0, deleted: 0, binary: false });
    } else if (line.startsWith('GIT binary patch') && file !== undefined) {
      file.binary = true;
    } else if (hunk !== null) {
      if (file === undefined) return malformed(index, 'a hunk without a file');
      let left = { old: Number(hunk[1] ?? 1), now: Number(hunk[2] ?? 1) };
      while (left.old > 0 || left.now > 0) {
        const body = lines[index] ?? '';
        if (index >= lines.length) return malformed(index, 'the last hunk ends early');
        index += 1;
        if (body.startsWith('+')) {
          file.added += 1;
          left = { ...left, now: left.now - 1 };
        } else if (body.startsWith('-')) {
          file.deleted += 1;
          left = { ...left, old: left.old - 1 };
        } else if (body.startsWith(' ') || body === '') {
          left = { old: left.old - 1, now: left.now - 1 };
        } else if (!body.startsWith('\\')) {
          return malformed(index, `"${body.slice(0, 40)}" is no line of a hunk`);
        }
      }
    }
  }
  if (files.length === 0 && patch.byteLength > 0) return malformed(1, 'no "diff --git" line');
  return ok(files.map((file) => ({ ...file, path: shown(file.path) })));
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
