import { describe, expect, it } from 'vitest';
import { changeNotes, shownChanges } from '../../src/domain/shownChange.ts';

const none = '000000';
const file = '100644';
const program = '100755';
const added = { path: 'new.txt', kind: 'added', oldMode: none, newMode: file } as const;
const deleted = { path: 'old.txt', kind: 'deleted', oldMode: file, newMode: none } as const;
const other = { path: 'x', kind: 'modified', oldMode: file, newMode: file } as const;

describe('the rows of what a patch changes', () => {
  it('has one for a rename, and keeps all others', () => {
    expect(shownChanges([{ ...added, from: 'old.txt' }, deleted, other])).toEqual([
      { path: 'new.txt', kind: 'renamed', from: 'old.txt', oldMode: file, newMode: file },
      other,
    ]);
    expect(shownChanges([added, deleted, other])).toEqual([added, deleted, other]);
  });

  it('tells an addition where the other half of the rename is not told', () => {
    expect(shownChanges([{ ...added, from: 'old.txt' }])).toEqual([added]);
  });

  it('says of each what its kind does not', () => {
    const notes = (change: Partial<Parameters<typeof changeNotes>[0]>): string =>
      changeNotes({ ...other, ...change }).join(', ');
    expect(notes({})).toBe('');
    expect(notes({ newMode: program })).toBe('now executable');
    expect(notes({ oldMode: program })).toBe('no longer executable');
    expect(notes({ kind: 'added', oldMode: none, newMode: program, binary: true })).toBe('executable, binary');
    expect(notes({ kind: 'added', oldMode: none, newMode: '120000' })).toBe('symlink');
    expect(notes({ kind: 'deleted', oldMode: '120000', newMode: none })).toBe('symlink');
    expect(notes({ kind: 'type', newMode: '120000' })).toBe('file → symlink');
    expect(notes({ kind: 'modified', oldMode: '160000', newMode: '160000' })).toBe('submodule');
    expect(notes({ kind: 'renamed', from: 'y', newMode: program })).toBe('now executable');
  });
});
