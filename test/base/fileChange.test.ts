import { chmodSync, linkSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { changeFiles } from '../../src/base/fileChange.ts';
import { photograph, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
  write(directory, { 'a.txt': 'a\n', 'gone.txt': 'gone\n', 'src/b.txt': 'b\n' });
});
afterEach(() => removeDirectory(directory));

it('writes, deletes and keeps modes, and leaves nothing else', async () => {
  chmodSync(join(directory, 'a.txt'), 0o751);
  linkSync(join(directory, 'a.txt'), join(directory, 'other.txt'));
  const files = new Map([
    ['a.txt', 'A\n'],
    ['gone.txt', null],
    ['new/deep/c.txt', 'c\n'],
  ]);
  await changeFiles(directory, files);
  expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('A\n');
  expect(statSync(join(directory, 'a.txt')).mode & 0o777).toBe(0o751);
  expect(readFileSync(join(directory, 'other.txt'), 'utf8')).toBe('a\n');
  expect(readdirSync(directory, { recursive: true }).sort()).toEqual(
    ['a.txt', 'new', 'new/deep', 'new/deep/c.txt', 'other.txt', 'src', 'src/b.txt'].sort(),
  );
});

it.each([
  ['cannot be written', [`more/${'n'.repeat(300)}`, 'x'] as const],
  ['is not there to be deleted', ['nowhere.txt', null] as const],
])('puts all back where one %s', async (_what, last) => {
  const before = photograph(directory);
  const files = new Map<string, string | null>([
    ['a.txt', 'A\n'],
    ['gone.txt', null],
    ['new/deep/c.txt', 'c\n'],
    ['new/d.txt', 'd\n'],
    last,
  ]);
  await expect(changeFiles(directory, files)).rejects.toThrow(/ENAMETOOLONG|ENOENT/);
  expect(photograph(directory)).toEqual(before);
});
