import { pathOf } from './patch.ts';
import type { BytePath } from './path.ts';

/** What a patch says of one side of a file: six digits, zeros where it is not there. A change of mode alone names no content. */
export interface PatchSide {
  readonly mode: string;
  readonly id?: string;
}

/** Where a hunk stands in the patch, and what its first line says. Lines count from 1. */
export interface PatchHunk {
  readonly from: number;
  readonly to: number;
  /** The end of its first line. */
  readonly headTo: number;
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
}

/** One `diff --git` of a patch: offsets in bytes. A file that changes its type has two. */
export interface PatchEntry {
  readonly from: number;
  readonly to: number;
  /** The end of what comes before the first hunk. */
  readonly headTo: number;
  readonly hunks: readonly PatchHunk[];
}

export interface PatchFile {
  readonly path: BytePath;
  readonly entries: readonly PatchEntry[];
  readonly before: PatchSide;
  readonly after: PatchSide;
  /** It has no hunks that could be chosen one by one: new, deleted, of another type, binary, or another mode alone. */
  readonly whole: boolean;
}

export const NO_MODE = '000000';
const SUBMODULE = '160000';
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** Whether one side is a commit of another repository: no apply changes that. */
export function isSubmodule({ before, after }: PatchFile): boolean {
  return before.mode === SUBMODULE || after.mode === SUBMODULE;
}

/** The files of a patch that git made and the relay has proven, in its order. One walk; what is malformed is walked as far as it goes. */
export function patchFiles(patch: Buffer): readonly PatchFile[] {
  const byPath = new Map<BytePath, Entry[]>();
  for (const entry of entriesOf(patch)) byPath.set(entry.path, [...(byPath.get(entry.path) ?? []), entry]);
  return [...byPath].map(([path, entries]) => {
    const [first, last] = [entries[0], entries.at(-1)];
    const before = first?.before ?? { mode: NO_MODE };
    const after = last?.after ?? { mode: NO_MODE };
    const isModified = entries.length === 1 && before.mode !== NO_MODE && after.mode !== NO_MODE;
    const isText = first !== undefined && !first.binary && first.hunks.length > 0;
    const whole = !isModified || !isText || before.mode === SUBMODULE || after.mode === SUBMODULE;
    return { path, entries, before, after, whole };
  });
}

interface Entry extends PatchEntry {
  readonly path: BytePath;
  readonly binary: boolean;
  readonly before: PatchSide;
  readonly after: PatchSide;
}

function* entriesOf(patch: Buffer): Generator<Entry> {
  for (let from = 0; from < patch.length;) {
    const entry = entryAt(patch, from);
    yield entry;
    from = entry.to;
  }
}

function entryAt(patch: Buffer, from: number): Entry {
  let at = endOfLine(patch, from);
  const path = pathOf(patch.toString('latin1', from, at - 1));
  const head: string[] = [];
  const hunks: PatchHunk[] = [];
  let binary = false;
  let headTo = at;
  while (at < patch.length) {
    const end = endOfLine(patch, at);
    if (hunks.length === 0) headTo = at;
    const line = patch.toString('latin1', at, Math.min(end, at + LONGEST_HEAD));
    if (line.startsWith('diff --git ')) break;
    const hunk = HUNK.exec(line);
    if (hunk !== null) {
      const found = hunkAt(patch, at, end, hunk);
      hunks.push(found);
      at = found.to;
      continue;
    }
    if (line.startsWith('GIT binary patch')) {
      binary = true;
      const next = patch.indexOf('\ndiff --git ', at);
      at = next < 0 ? patch.length : next + 1;
      continue;
    }
    head.push(line.replace(/\n$/, ''));
    at = end;
    if (hunks.length === 0) headTo = at;
  }
  return { path, from, to: at, headTo, hunks, binary, ...sidesIn(head) };
}

const LONGEST_HEAD = 400;
const MINUS = 0x2d;
const PLUS = 0x2b;
const BACKSLASH = 0x5c;

/** A hunk with the lines that it announces, and a word about the last one. */
function hunkAt(patch: Buffer, from: number, headTo: number, head: RegExpExecArray): PatchHunk {
  const [, oldStart, oldCount, newStart, newCount] = head;
  const [oldLines, newLines] = [Number(oldCount ?? 1), Number(newCount ?? 1)];
  let [old, now, at] = [oldLines, newLines, headTo];
  while (at < patch.length && (old > 0 || now > 0 || patch[at] === BACKSLASH)) {
    const sign = patch[at];
    if (sign !== PLUS && sign !== BACKSLASH) old -= 1;
    if (sign !== MINUS && sign !== BACKSLASH) now -= 1;
    at = endOfLine(patch, at);
  }
  return { from, to: at, headTo, oldStart: Number(oldStart), oldLines, newStart: Number(newStart), newLines };
}

function sidesIn(head: readonly string[]): { readonly before: PatchSide; readonly after: PatchSide } {
  const find = (form: RegExp): RegExpExecArray | undefined => {
    for (const line of head) {
      const found = form.exec(line);
      if (found !== null) return found;
    }
    return undefined;
  };
  const index = find(/^index ([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d+))?$/);
  const isNew = find(/^new file mode (\d+)$/)?.[1];
  const isGone = find(/^deleted file mode (\d+)$/)?.[1];
  const both = index?.[3] ?? NO_MODE;
  const oldMode = isGone ?? find(/^old mode (\d+)$/)?.[1] ?? (isNew === undefined ? both : NO_MODE);
  const newMode = isNew ?? find(/^new mode (\d+)$/)?.[1] ?? (isGone === undefined ? both : NO_MODE);
  return { before: sideOf(oldMode, index?.[1]), after: sideOf(newMode, index?.[2]) };
}

function sideOf(mode: string, id: string | undefined): PatchSide {
  return id === undefined || mode === NO_MODE ? { mode } : { mode, id };
}

/** Behind the newline, or at the end. */
function endOfLine(patch: Buffer, from: number): number {
  const newline = patch.indexOf(10, from);
  return newline < 0 ? patch.length : newline + 1;
}
