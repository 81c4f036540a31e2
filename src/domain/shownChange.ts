import type { FileChange } from './artifact.ts';

type Told = Pick<FileChange, 'path' | 'kind' | 'oldMode' | 'newMode' | 'from' | 'binary'>;

/** One row of what a patch changes, for people: a rename is one, although a patch tells a deletion and an addition. */
export interface ShownChange extends Pick<Told, 'path' | 'oldMode' | 'newMode' | 'from' | 'binary'> {
  readonly kind: Told['kind'] | 'renamed';
}

/** The changes as rows. `from` is there only in a rename, and then the row stands for both paths. */
export function shownChanges(files: readonly Told[]): readonly ShownChange[] {
  const deleted = new Map(files.filter(({ kind }) => kind === 'deleted').map((file) => [file.path, file]));
  const gone = new Set<string>();
  const rows = files.map((file): ShownChange => {
    const { path, kind, oldMode, newMode, from, binary } = file;
    const known = binary === undefined ? {} : { binary };
    // Of very many files only the first are told: the other half may not be among them.
    const before = from === undefined ? undefined : deleted.get(from);
    if (from === undefined || before === undefined) return { path, kind, oldMode, newMode, ...known };
    gone.add(from);
    return { path, kind: 'renamed', from, oldMode: before.oldMode, newMode, ...known };
  });
  return rows.filter(({ path, kind }) => kind !== 'deleted' || !gone.has(path));
}

const SYMLINK = '120000';
const SUBMODULE = '160000';
const EXECUTABLE = '100755';

/** What a change is beside its kind, in a few words: `now executable`, `symlink`, `file → symlink`, `binary`. */
export function changeNotes({ kind, oldMode, newMode, binary }: ShownChange): readonly string[] {
  const [old, now] = [sortOf(oldMode), sortOf(newMode)];
  const isOneSided = kind === 'added' || kind === 'deleted';
  const is = kind === 'deleted' ? old : now;
  const sort = isOneSided || old === now ? (is === 'file' ? [] : [is]) : [`${old} → ${now}`];
  const isBothFiles = !isOneSided && old === 'file' && now === 'file' && oldMode !== newMode;
  const mode = isBothFiles ? [newMode === EXECUTABLE ? 'now executable' : 'no longer executable'] : [];
  const born = kind === 'added' && newMode === EXECUTABLE ? ['executable'] : [];
  return [...sort, ...mode, ...born, ...(binary === true ? ['binary'] : [])];
}

function sortOf(mode: string): 'file' | 'symlink' | 'submodule' {
  if (mode === SYMLINK) return 'symlink';
  return mode === SUBMODULE ? 'submodule' : 'file';
}
