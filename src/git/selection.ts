import { err, ok, type Result } from '../base/result.ts';
import type { Chosen } from '../domain/chosen.ts';
import { NO_MODE, type PatchEntry, type PatchFile, type PatchHunk } from './patchFiles.ts';
import { shown, type BytePath } from './path.ts';

/** A whole file, or the numbers of some of its hunks, but not of all. */
type Choice = 'whole' | ReadonlySet<number>;
export type Selection = ReadonlyMap<BytePath, Choice>;

/** A path or a number that the patch does not have, or hunks of a file that has none to choose. */
export interface UnknownChoice {
  readonly kind: 'unknown';
  readonly message: string;
}

/** What is chosen of a patch; all of it where nothing is said. All hunks of a file are the whole file. */
export function selectionOf(
  files: readonly PatchFile[],
  chosen: readonly Chosen[] | undefined,
): Result<Selection, UnknownChoice> {
  if (chosen === undefined) return ok(new Map(files.map(({ path }) => [path, 'whole'])));
  const byName = new Map<string, PatchFile[]>();
  for (const file of files) byName.set(shown(file.path), [...(byName.get(shown(file.path)) ?? []), file]);
  let selection: Selection = new Map();
  for (const one of chosen) {
    const named = byName.get(one.path) ?? [];
    const choice = choiceOf(one, named);
    if (!choice.ok) return choice;
    for (const file of named) selection = united(files, selection, new Map([[file.path, choice.value]]));
  }
  return ok(selection);
}

function choiceOf({ path, hunks }: Chosen, named: readonly PatchFile[]): Result<Choice, UnknownChoice> {
  const [file, second] = named;
  if (file === undefined) return unknown(`The patch has no file "${path}".`);
  if (hunks === undefined) return ok('whole');
  if (second !== undefined)
    return unknown(`Several files of the patch are shown as "${path}": they can be taken whole only.`);
  if (file.whole) return unknown(`"${path}" can be taken whole only: ${whyWhole(file)}.`);
  const count = hunksOf(file).length;
  const wrong = hunks.filter((number) => number > count);
  if (wrong.length > 0) {
    const has = count === 1 ? 'one hunk' : `${String(count)} hunks`;
    return unknown(`"${path}" has ${has} in the patch, and no hunk ${wrong.join(', ')}.`);
  }
  return ok(new Set(hunks));
}

function whyWhole({ before, after, entries }: PatchFile): string {
  if (before.mode === NO_MODE) return 'it is new';
  if (after.mode === NO_MODE) return 'it is deleted';
  if (entries.length > 1) return 'it becomes something else';
  return entries[0]?.hunks.length === 0 ? 'it has no lines that change' : 'it is a submodule';
}

/** A hunk as it is shown to who chooses. `number` counts from 1 in its file; `preview` has the first changed lines. */
export interface ListedHunk {
  readonly number: number;
  readonly header: string;
  readonly added: number;
  readonly deleted: number;
  readonly preview: readonly string[];
}

const PREVIEW_LINES = 8;
const PREVIEW_COLUMNS = 200;

/** The hunks that can be chosen one by one; none where a file can be taken whole only. */
export function listedHunks(patch: Buffer, file: PatchFile): readonly ListedHunk[] {
  if (file.whole) return [];
  return hunksOf(file).map(({ headTo, from, to }, at) => {
    const changed = patch
      .toString('latin1', headTo, to)
      .split('\n')
      .filter((line) => line.startsWith('+') || line.startsWith('-'));
    const added = changed.filter((line) => line.startsWith('+')).length;
    return {
      number: at + 1,
      header: shown(patch.toString('latin1', from, headTo).replace(/\r?\n$/, '')),
      added,
      deleted: changed.length - added,
      preview: changed.slice(0, PREVIEW_LINES).map((line) => shown(line).slice(0, PREVIEW_COLUMNS)),
    };
  });
}

function hunksOf({ entries }: PatchFile): readonly PatchHunk[] {
  return entries.flatMap(({ hunks }) => hunks);
}

/** Both together. */
export function united(files: readonly PatchFile[], a: Selection, b: Selection): Selection {
  const both = new Map<BytePath, Choice>();
  for (const file of files) {
    const [one, other] = [a.get(file.path), b.get(file.path)];
    const choice = one === 'whole' || other === 'whole' ? 'whole' : new Set([...(one ?? []), ...(other ?? [])]);
    if (choice === 'whole' || choice.size === hunksOf(file).length) {
      if (one !== undefined || other !== undefined) both.set(file.path, 'whole');
    } else if (choice.size > 0) both.set(file.path, choice);
  }
  return both;
}

/** What of `after` is chosen otherwise than in `before`. */
export function otherThan(before: Selection, after: Selection): Selection {
  return new Map([...after].filter(([path, choice]) => sizeOf(choice) !== sizeOf(before.get(path))));
}

/** `after` has all that `before` has, so that counting is comparing. */
function sizeOf(choice: Choice | undefined): number {
  if (choice === undefined) return 0;
  return choice === 'whole' ? Infinity : choice.size;
}

export function isAll(files: readonly PatchFile[], selection: Selection): boolean {
  return files.every(({ path }) => selection.get(path) === 'whole');
}

/** A selection in the words of a call, in the patch's order. */
export function chosenIn(selection: Selection): readonly Chosen[] {
  return [...selection].map(([path, choice]) =>
    choice === 'whole' ? { path: shown(path) } : { path: shown(path), hunks: [...choice].sort((a, b) => a - b) },
  );
}

/**
 * The part of a patch that is chosen, as a patch on the same baseline. Hunks are counted anew, so that each applies at its
 * exact place there; a part of a file's hunks leaves its mode alone.
 */
export function partOf(patch: Buffer, files: readonly PatchFile[], selection: Selection): Buffer {
  const parts: Buffer[] = [];
  const entries = files.flatMap(({ path, entries: all }) =>
    all.map((entry) => ({ entry, choice: selection.get(path) })),
  );
  for (const { entry, choice } of entries.sort((a, b) => a.entry.from - b.entry.from)) {
    if (choice === 'whole') parts.push(patch.subarray(entry.from, entry.to));
    else if (choice !== undefined) parts.push(...someHunks(patch, entry, choice));
  }
  return Buffer.concat(parts);
}

function someHunks(patch: Buffer, entry: PatchEntry, numbers: ReadonlySet<number>): readonly Buffer[] {
  const head = patch.toString('latin1', entry.from, entry.headTo);
  // Ids of contents that this part does not make, and modes that it leaves.
  const kept = head.replace(/^(?:old mode|new mode|index) [^\n]*\n/gm, '');
  const parts: Buffer[] = [Buffer.from(kept, 'latin1')];
  let left = 0;
  entry.hunks.forEach((hunk, at) => {
    if (numbers.has(at + 1)) {
      const first = patch.toString('latin1', hunk.from, hunk.headTo);
      parts.push(Buffer.from(first.replace(/\+\d+/, `+${String(hunk.newStart - left)}`), 'latin1'));
      parts.push(patch.subarray(hunk.headTo, hunk.to));
    } else {
      left += hunk.newLines - hunk.oldLines;
    }
  });
  return parts;
}

function unknown(message: string): Result<never, UnknownChoice> {
  return err({ kind: 'unknown', message });
}
