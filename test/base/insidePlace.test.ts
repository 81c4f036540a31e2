import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isGitName, placeInside } from '../../src/base/insidePlace.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';

const root = temporaryDirectory();
mkdirSync(join(root, 'folder'));
writeFileSync(join(root, 'folder', 'file'), '');
symlinkSync('/', join(root, 'out'));
afterAll(() => removeDirectory(root));

it.each([
  ['', 'folder'],
  ['folder', 'folder'],
  ['folder/file', 'file'],
  ['folder/new', 'nothing'],
  ['new/deep/file', 'nothing'],
  ['out', 'other'],
  ['out/etc', 'through'],
  ['folder/file/below', 'through'],
  ['/etc/passwd', 'foreign'],
  ['folder/../../x', 'foreign'],
  ['./folder', 'foreign'],
  ['folder//file', 'foreign'],
  ['a\\b', 'foreign'],
  ['a\0b', 'foreign'],
  ['C:/x', 'foreign'],
  ['.git/config', 'git'],
  ['folder/.GIT/hooks/x', 'git'],
] as const)('%j leads to %s', async (path, place) => {
  expect(await placeInside(root, path)).toBe(place);
});

it('knows the names that are taken for ".git", and no others', () => {
  for (const name of [
    '.git',
    '.Git',
    '.git. .',
    'git~1',
    'GIT~2',
    '.git::$INDEX_ALLOCATION',
    '.g\u200cit',
    '\uff0egit',
  ])
    expect(isGitName(name), name).toBe(true);
  for (const name of ['.gitignore', '.github', 'git', 'x.git', '.gitmodules', 'git~x'])
    expect(isGitName(name), name).toBe(false);
});
