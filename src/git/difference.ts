import { err, ok, type Result } from '../base/result.ts';
import type { FileChange } from '../domain/artifact.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Limits } from '../domain/repositoryPolicy.ts';
import type { CatFile } from './catFile.ts';
import { describe, type Git, type GitError } from './git.ts';
import { parsePatch } from './patch.ts';
import { fields, shown, type BytePath } from './path.ts';
import { renames } from './renames.ts';

/** A changed path as git has it, beside what people are shown. */
interface Change {
  readonly file: FileChange;
  readonly path: BytePath;
}

/** What is past a limit, with how much it is. Where there is any, there is no patch. */
export type Excess =
  | { readonly kind: 'files'; readonly found: number }
  | { readonly kind: 'fileBytes'; readonly found: number; readonly path: string }
  /** All changed files together. */
  | { readonly kind: 'allBytes'; readonly found: number; readonly most: number }
  | { readonly kind: 'patchBytes'; readonly found: number };

export interface Difference {
  readonly patch: Buffer;
  readonly changes: readonly Change[];
  readonly excess?: Excess;
}

export interface DifferenceError {
  readonly kind: 'git';
  readonly message: string;
}

/** What makes the patch from one tree to another. */
export const PATCH_ARGS = ['diff-tree', '-r', '--patch', '--binary', '--full-index', '--no-renames'] as const;

/** A patch is smaller than its files by what did not change, and by what can be compressed; not without end. */
const ALL_FILES = 16;

/**
 * The patch from one tree to another, and the files in it. Renames are told as a deletion and an addition. Sizes are looked
 * at while git begins with the patch: it would take files of any size into memory, and compress them.
 */
export async function difference(
  { git, objects }: { readonly git: Git; readonly objects: CatFile },
  from: ObjectId,
  to: ObjectId,
  limits: Limits,
): Promise<Result<Difference, DifferenceError>> {
  const stop = new AbortController();
  const patching = git.run([...PATCH_ARGS, from, to], {
    maxOutput: limits.patchBytes.most,
    signal: stop.signal,
  });
  const raw = await git.run(['diff-tree', '-r', '-z', '--raw', '--full-index', '--no-renames', from, to], {});
  const changes = raw.ok ? changesIn(raw.value) : [];
  const excess = raw.ok ? await tooMuch(objects, changes, limits) : undefined;
  if (!raw.ok || excess !== undefined) stop.abort();
  const patch = await patching;
  if (!raw.ok) return err(unreadable(raw.error));
  if (excess !== undefined) return ok({ patch: Buffer.alloc(0), changes, excess });
  if (patch.ok) {
    const text = readable(patch.value, changes);
    return ok({ patch: text, changes: await forPeople(git, from, to, changes, text) });
  }
  if (patch.error.kind !== 'tooLarge') return err(unreadable(patch.error));
  return ok({ patch: Buffer.alloc(0), changes, excess: { kind: 'patchBytes', found: patch.error.bytes } });
}

async function tooMuch(objects: CatFile, changes: readonly Change[], limits: Limits): Promise<Excess | undefined> {
  if (changes.length > limits.files.most) return { kind: 'files', found: changes.length };
  const sizes = await Promise.all(changes.map(async ({ file }) => largerSide(objects, file)));
  const largest = sizes.indexOf(Math.max(0, ...sizes));
  const bytes = sizes[largest] ?? 0;
  if (bytes > limits.fileBytes.most)
    return { kind: 'fileBytes', found: bytes, path: changes[largest]?.file.path ?? '' };
  const found = sizes.reduce((all, size) => all + size, 0);
  const most = limits.patchBytes.most * ALL_FILES;
  return found > most ? { kind: 'allBytes', found, most } : undefined;
}

/** Of the contents before and after: a patch of a binary file carries both. */
async function largerSide(objects: CatFile, file: FileChange): Promise<number> {
  const ids = [...(isContent(file.oldMode) ? [file.oldId] : []), ...(isContent(file.newMode) ? [file.newId] : [])];
  const sizes = await Promise.all(ids.map((id) => objects.facts(id)));
  return Math.max(0, ...sizes.map((facts) => (facts.ok ? facts.value.bytes : 0)));
}

/**
 * Git writes a header without quotes where a folder's name ends with a space, and takes what follows it for an absolute
 * path when it reads it: it finds no name for a file without lines. With quotes it does.
 */
export function readable(patch: Buffer, changes: readonly { readonly path: BytePath }[]): Buffer {
  if (!changes.some(({ path }) => path.includes(' /'))) return patch;
  const quoted = patch.toString('latin1').replace(/^diff --git (a\/[^\n]* \/[^\n]*)$/gm, (header, names: string) => {
    // One name twice: the relay's patches carry no renames.
    const half = (names.length - 1) / 2;
    const [from, to] = [names.slice(0, half), names.slice(half + 1)];
    return from.slice(2) === to.slice(2) ? `diff --git "${from}" "${to}"` : header;
  });
  return Buffer.from(quoted, 'latin1');
}

/** With what a review shows besides: what was renamed, and what has no lines. git looks only where there can be any. */
async function forPeople(
  git: Git,
  from: ObjectId,
  to: ObjectId,
  changes: readonly Change[],
  patch: Buffer,
): Promise<readonly Change[]> {
  const has = (kind: FileChange['kind']): boolean => changes.some(({ file }) => file.kind === kind);
  const came = has('added') && has('deleted') ? await renames(git, from, to) : new Map<BytePath, BytePath>();
  const binary = binaryIn(patch);
  return changes.map(({ path, file }) => {
    const before = file.kind === 'added' ? came.get(path) : undefined;
    const renamed = before === undefined ? {} : { from: shown(before) };
    return { path, file: { ...file, ...renamed, ...(binary.has(file.path) ? { binary: true } : {}) } };
  });
}

/** The files of a patch that have no lines; it is read only where there is one. */
function binaryIn(patch: Buffer): ReadonlySet<string> {
  const parsed = patch.includes('\nGIT binary patch\n') ? parsePatch(patch) : ok([]);
  return new Set(parsed.ok ? parsed.value.filter(({ binary }) => binary).map(({ path }) => path) : []);
}

/** Neither nothing nor a submodule, which is a commit of another repository. */
function isContent(mode: string): boolean {
  return mode !== '000000' && mode !== '160000';
}

const KINDS: Readonly<Record<string, FileChange['kind']>> = { A: 'added', M: 'modified', D: 'deleted', T: 'type' };

/** `diff-tree --raw -z`: a line of modes, ids and a letter, then the path. */
function changesIn(raw: Buffer): readonly Change[] {
  const parts = fields(raw);
  const changes: Change[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', newMode = '', oldId = '', newId = '', letter = ''] = (parts[at] ?? '').slice(1).split(' ');
    const path = parts[at + 1] ?? '';
    const kind = KINDS[letter] ?? 'modified';
    changes.push({ path, file: { path: shown(path), kind, oldMode, newMode, oldId, newId } });
  }
  return changes;
}

function unreadable(error: GitError): DifferenceError {
  return { kind: 'git', message: describe(error) };
}
