import type { Drift } from '../protocol/drift.ts';

/** How a patch stands, in few words for a terminal. */
export function driftText({ state, dirty }: Drift): string {
  const uncommitted = dirty.length === 0 ? '' : `, uncommitted changes in ${count(dirty.length)}`;
  return `${WORDS[state]}${uncommitted}`;
}

const WORDS: Readonly<Record<Drift['state'], string>> = {
  clean: 'clean',
  merged: 'fits by a merge',
  conflict: 'conflicts with HEAD',
  contained: 'is there already',
};

function count(files: number): string {
  return files === 1 ? '1 file of it' : `${String(files)} files of it`;
}
