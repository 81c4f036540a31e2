import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SlotFiles } from '../../../src/editor/languageModel/slotFiles.ts';
import { modelTools } from '../../../src/editor/languageModel/tools.ts';
import { removeDirectory, temporaryDirectory, write } from '../../fixtures/repository.ts';

let directory: string;
let root: string;
let files: SlotFiles;

beforeEach(() => {
  directory = temporaryDirectory();
  root = join(directory, 'slot');
  write(root, { 'a.txt': 'one\ntwo\n', 'src/b.txt': 'two\n', '.git/config': 'git\n', 'node_modules/x/i.js': 'two\n' });
  write(directory, { 'outside.txt': 'secret\n' });
  symlinkSync(directory, join(root, 'out'));
  symlinkSync(join(directory, 'outside.txt'), join(root, 'link.txt'));
  writeFileSync(join(root, 'binary'), Buffer.from([0xff, 0xfe, 0x00]));
  files = new SlotFiles(root);
});
afterEach(() => removeDirectory(directory));

it('lists, reads, searches, edits, writes and deletes', async () => {
  expect(await files.list('.')).toMatchObject({ ok: true, value: expect.stringContaining('a.txt') as string });
  expect(await files.read('a.txt', 2, 2)).toEqual({ ok: true, value: 'two' });
  expect(await files.search('two', '.')).toEqual({ ok: true, value: 'a.txt:2: two\nsrc/b.txt:1: two' });
  expect(await files.edit('a.txt', 'two', 'three')).toMatchObject({ ok: true });
  expect(await files.edit('a.txt', 'two', 'x')).toMatchObject({ ok: false });
  expect(await files.edit('a.txt', 'e', 'x')).toMatchObject({
    ok: false,
    error: expect.stringContaining('once') as string,
  });
  expect(await files.write('new/deep/c.txt', 'c\n')).toMatchObject({ ok: true });
  expect(await files.remove('src/b.txt')).toMatchObject({ ok: true });
  expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('one\nthree\n');
  expect(await files.read('src/b.txt')).toMatchObject({ ok: false });
});

it('leaves a hard link of a file as it is', async () => {
  linkSync(join(directory, 'outside.txt'), join(root, 'linked.txt'));
  chmodSync(join(root, 'linked.txt'), 0o640);
  expect(await files.edit('linked.txt', 'secret', 'known')).toMatchObject({ ok: true });
  expect(readFileSync(join(directory, 'outside.txt'), 'utf8')).toBe('secret\n');
  expect(readFileSync(join(root, 'linked.txt'), 'utf8')).toBe('known\n');
  expect(statSync(join(root, 'linked.txt')).mode & 0o777).toBe(0o640);
});

const bad = [
  '/etc/passwd',
  '../outside.txt',
  'src/../../outside.txt',
  'out/outside.txt',
  'link.txt',
  '.git/config',
  'src/.GIT/config',
  'git~1/config',
  '.git./config',
  '.g\u200cit/config',
  'C:\\x',
  'a.txt/b',
  'src',
  '.',
  'a\0b',
];
it.each(bad)('has nothing at %j', async (path) => {
  expect(await files.read(path)).toMatchObject({ ok: false });
  expect(await files.write(path, 'x')).toMatchObject({ ok: false });
  expect(await files.edit(path, 'secret', 'x')).toMatchObject({ ok: false });
  expect(await files.remove(path)).toMatchObject({ ok: false });
  expect(readFileSync(join(directory, 'outside.txt'), 'utf8')).toBe('secret\n');
});

it('refuses what is no text, or too large', async () => {
  expect(await files.read('binary')).toMatchObject({ ok: false });
  expect(await files.write('large', 'x'.repeat(1024 * 1024 + 1))).toMatchObject({ ok: false });
  mkdirSync(join(root, 'out2'));
  expect(await files.list('out')).toMatchObject({ ok: false });
  expect(await files.list('.git')).toMatchObject({ ok: false });
});

it('tells a model what is wrong with its call', async () => {
  const edit = modelTools.find(({ name }) => name === 'edit');
  expect(await edit?.call(files, { path: 'a.txt' })).toMatchObject({
    ok: false,
    error: expect.stringContaining('oldText') as string,
  });
});
