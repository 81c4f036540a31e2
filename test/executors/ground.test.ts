import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import {
  LONGEST_CONVENTION,
  LONGEST_GROUND,
  LONGEST_SNIPPET,
  readGround,
  type Absent,
  type Excerpt,
  type Ground,
} from '../../src/executors/ground.ts';
import { scratch } from '../process/running.ts';

let outside: string;
let root: string;

beforeEach(async () => {
  outside = await scratch();
  root = join(outside, 'checkout');
  await mkdir(root);
});

async function put(path: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

function read(more: Partial<JobSpec> = {}): Promise<Ground> {
  return readGround(root, { task: { title: 'A task' }, ...more });
}

async function snippet(path: string, from: number, to: number): Promise<Excerpt | Absent | undefined> {
  return (await read({ context: { codeSnippets: [{ path, from, to }] } })).snippets[0];
}

async function why(path: string, from = 1, to = 1): Promise<string> {
  const found = await snippet(path, from, to);
  return found?.kind === 'absent' ? found.why : `it is there: ${JSON.stringify(found)}`;
}

function paths(all: readonly (Excerpt | Absent)[]): readonly string[] {
  return all.map(({ path }) => path);
}

describe('snippets', () => {
  it('are the lines that were asked for, counted from 1, both ends with them', async () => {
    await put('a.ts', 'one\ntwo\nthree\nfour\n');
    expect(await snippet('a.ts', 2, 3)).toEqual({
      kind: 'text',
      path: 'a.ts',
      text: 'two\nthree',
      lineEnd: 'LF',
      isCut: false,
      lines: { from: 2, to: 3, asked: 3 },
    });
    expect(await snippet('a.ts', 4, 9)).toMatchObject({ text: 'four', lines: { from: 4, to: 4, asked: 9 } });
  });

  it('say that their lines end with CRLF, and do not show it', async () => {
    await put('a.txt', 'one\r\ntwo\r\nthree\r\n');
    expect(await snippet('a.txt', 1, 2)).toMatchObject({ text: 'one\ntwo', lineEnd: 'CRLF' });
    expect(await snippet('a.txt', 2, 2)).toMatchObject({ text: 'two', lineEnd: 'CRLF' });
  });

  it('say what is not there, instead of failing', async () => {
    await put('a.ts', 'one\ntwo\n');
    await put('empty.ts', '');
    await put('b.bin', Buffer.from([65, 0, 66]));
    await put('folder/x', '');
    expect(await why('gone.ts')).toBe('is not there');
    expect(await why('a.ts/x')).toBe('is not there');
    expect(await why('a.ts', 3, 9)).toBe('has 2 lines, and none from 3 on');
    expect(await why('a.ts', 2, 1)).toBe('has no lines 2 to 1: the first is behind the last');
    expect(await why('empty.ts')).toBe('has no lines, and none from 1 on');
    expect(await why('b.bin')).toBe('is no text');
    expect(await why('folder')).toBe('is no regular file');
  });

  it('never come from outside of the checkout, or from what is no file', async () => {
    await writeFile(join(outside, 'secret'), 'a secret\n');
    await put('inside.txt', 'inside\n');
    await symlink('../secret', join(root, 'link'));
    await symlink('..', join(root, 'up'));
    await symlink('inside.txt', join(root, 'good'));
    await symlink('self', join(root, 'self'));
    execFileSync('sh', ['-c', 'mkfifo fifo'], { cwd: root });
    const leads = 'leads out of the checkout';
    expect([await why('link'), await why('up/secret'), await why('../secret')]).toEqual([leads, leads, leads]);
    expect(await why('self')).toBe('could not be read (ELOOP)');
    expect(await why('fifo')).toBe('is no regular file');
    expect(await snippet('good', 1, 1)).toMatchObject({ text: 'inside' });
  });

  it('are bounded, by whole lines where that can be', async () => {
    await put('long.txt', `${'x'.repeat(99)}\n`.repeat(1000));
    const found = await snippet('long.txt', 11, 1000);
    const lines = Math.floor(LONGEST_SNIPPET / 100);
    expect(found).toMatchObject({ isCut: true, lines: { from: 11, to: 10 + lines, asked: 1000 } });
    await put('line.txt', 'é'.repeat(LONGEST_SNIPPET));
    expect(await snippet('line.txt', 1, 1)).toMatchObject({ isCut: true, text: 'é'.repeat(LONGEST_SNIPPET / 2) });
  });
});

describe('conventions', () => {
  it('are those of the root, and the nearest to what the task names', async () => {
    for (const folder of ['', 'web/', 'web/src/deep/', 'core/', 'other/'])
      await put(`${folder}AGENTS.md`, `of /${folder}\n`);
    await put('CLAUDE.md', 'root claude\n');
    await put('.github/copilot-instructions.md', 'copilot\n');
    await put('core/CLAUDE.md', 'core claude\n');
    const { conventions } = await read({
      scope: { fileGlobs: ['web/src/deep/*.ts', 'core'] },
      context: { codeSnippets: [{ path: 'web/x.ts', from: 1, to: 1 }] },
    });
    const below = ['core/AGENTS.md', 'core/CLAUDE.md', 'web/AGENTS.md', 'web/src/deep/AGENTS.md'];
    expect(paths(conventions)).toEqual(['AGENTS.md', 'CLAUDE.md', '.github/copilot-instructions.md', ...below]);
  });

  it('are told once where one is a link to the other, and never from outside', async () => {
    await writeFile(join(outside, 'secret'), 'a secret\n');
    await put('AGENTS.md', '\ufeffthe same\r\n');
    await symlink('AGENTS.md', join(root, 'CLAUDE.md'));
    await mkdir(join(root, 'src'));
    await symlink('../../secret', join(root, 'src/AGENTS.md'));
    const { conventions } = await read({ scope: { fileGlobs: ['src/**', '../**', '/etc/*', '**'] } });
    expect(conventions).toEqual([
      { kind: 'text', path: 'AGENTS.md', text: 'the same\n', lineEnd: 'CRLF', isCut: false },
      { kind: 'absent', path: 'src/AGENTS.md', why: 'leads out of the checkout' },
    ]);
  });

  it('are bounded, each and all together with the snippets', async () => {
    const line = `${'x'.repeat(127)}\n`;
    for (const name of ['AGENTS.md', 'CLAUDE.md', '.github/copilot-instructions.md'])
      await put(name, `${name}\n${line.repeat(1000)}`);
    await put('long.txt', line.repeat(1000));
    const codeSnippets = [1, 2, 3, 4].map((from) => ({ path: 'long.txt', from, to: 900 }));
    const { snippets, conventions } = await read({ context: { codeSnippets } });
    const bytes = [...snippets, ...conventions].map((one) => (one.kind === 'text' ? Buffer.byteLength(one.text) : 0));
    expect(Math.max(...bytes)).toBeLessThanOrEqual(LONGEST_CONVENTION);
    const all = bytes.reduce((sum, size) => sum + size, 0);
    expect(all).toBeGreaterThan(LONGEST_GROUND - 1024);
    expect(all).toBeLessThanOrEqual(LONGEST_GROUND);
    expect(conventions.map((one) => one.kind === 'text' && one.isCut)).toEqual([true, true, true]);
  });

  it('say by their name that there is no room for them', async () => {
    await put('AGENTS.md', 'read me\n');
    await put('line.txt', 'x'.repeat(LONGEST_SNIPPET));
    const codeSnippets = Array.from({ length: 8 }, () => ({ path: 'line.txt', from: 1, to: 1 }));
    const { conventions } = await read({ context: { codeSnippets } });
    expect(conventions).toEqual([
      { kind: 'absent', path: 'AGENTS.md', why: 'is left out: there is too much before it' },
    ]);
  });
});
