import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { Sources } from '../../src/engine/sources.ts';
import { withWorkingFiles } from '../../src/git/workingTree.ts';
import {
  git,
  gitEnvironment,
  makeRepository,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
} from '../fixtures/repository.ts';

let directory: string;
let repository: string;

beforeEach(() => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n', 'b.txt': 'b\n', d: 'file\n', 'e/x': 'x\n' });
});
afterEach(() => removeDirectory(directory));

/** The files that each set makes of HEAD, as `mode path content`, or that it makes none; and what git was run for it. */
async function made(sets: readonly (readonly string[])[]): Promise<{ files: string[][]; commands: string[] }> {
  const [bin, log] = [join(directory, 'bin'), join(directory, 'log')];
  mkdirSync(bin);
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(join(bin, 'git'), `#!/bin/sh\necho "$*" >> '${log}'\nexec '${real}' "$@"\n`);
  chmodSync(join(bin, 'git'), 0o755);
  const work = join(directory, 'work');
  mkdirSync(work);
  const sources = new Sources(work, { ...gitEnvironment, PATH: `${bin}:${process.env['PATH'] ?? ''}` });
  await sources.prepare();
  const scratch = await sources.workshop(repository);
  if (!scratch.ok) throw new Error(scratch.error.message);
  try {
    writeFileSync(log, '');
    const tree = ObjectId.parse(git(repository, 'rev-parse', 'HEAD^{tree}'));
    const trees = await withWorkingFiles(scratch.value, { theirs: sources.theirs, workspace: repository, tree, sets });
    const commands = readFileSync(log, 'utf8').trim().split('\n');
    if (!trees.ok) throw new Error('no tree was made');
    const files: string[][] = [];
    for (const one of trees.value) {
      const told = one.ok ? await scratch.value.git.text(['ls-tree', '-r', one.value], {}) : undefined;
      const lines = told?.ok === true ? told.value.split('\n') : [];
      files.push(lines.map((line) => line.replace(/^(\d+) \w+ (\w{8})\w+\t(.*)$/, '$1 $3 $2')));
    }
    return { files, commands };
  } finally {
    await scratch.value.dispose();
    await sources.dispose();
  }
}

const blob = (text: string): string =>
  execFileSync('git', ['hash-object', '--stdin'], { input: text, encoding: 'utf8' }).slice(0, 8);

it('puts the files of each set on top, and no others', async () => {
  rmSync(join(repository, 'd'));
  rmSync(join(repository, 'e'), { recursive: true });
  write(repository, { 'a.txt': 'ours\n', 'd/y': 'y\n', e: 'file\n' });
  rmSync(join(repository, 'b.txt'));
  symlinkSync('a.txt', join(repository, 'b.txt'));
  const before = photographRepository(repository);
  const { files } = await made([['a.txt'], ['b.txt'], ['d/y'], ['e', 'e/x'], ['e/x', 'none'], []]);
  const [a, b, d, e] = [blob('a\n'), blob('b\n'), blob('file\n'), blob('x\n')].map(
    (id, at) => `100644 ${['a.txt', 'b.txt', 'd', 'e/x'][at] ?? ''} ${id}`,
  );
  expect(files).toEqual([
    [`100644 a.txt ${blob('ours\n')}`, b, d, e],
    [a, `120000 b.txt ${blob('a.txt')}`, d, e],
    [a, b, `100644 d/y ${blob('y\n')}`, e],
    [a, b, d, `100644 e ${blob('file\n')}`],
    [a, b, d],
    [a, b, d, e],
  ]);
  expect(photographRepository(repository)).toEqual(before);
});

it('reads the tree and the files once, and takes two processes for each set', async () => {
  write(repository, { 'a.txt': '1\n', 'b.txt': '2\n', d: '3\n', 'e/x': '4\n' });
  const { commands } = await made([['a.txt'], ['b.txt'], ['d'], ['e/x']]);
  expect(commands.filter((line) => line.includes('read-tree'))).toHaveLength(1);
  expect(commands.filter((line) => line.includes('--add'))).toHaveLength(1);
  expect(commands).toHaveLength(4 + 2 * 4);
});

it('makes none where a file cannot be read, and the others all the same', async () => {
  git(repository, 'config', 'filter.bad.clean', 'false');
  git(repository, 'config', 'filter.bad.required', 'true');
  write(repository, { '.git/info/attributes': 'b.txt filter=bad\n', 'a.txt': 'ours\n', 'b.txt': 'ours\n' });
  const { files } = await made([['a.txt'], ['b.txt'], ['a.txt', 'b.txt']]);
  expect(files.map((lines) => lines[0] ?? 'none')).toEqual([`100644 a.txt ${blob('ours\n')}`, 'none', 'none']);
});
