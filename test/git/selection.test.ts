import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePatch } from '../../src/git/patch.ts';
import { isSubmodule, patchFiles } from '../../src/git/patchFiles.ts';
import {
  chosenIn,
  isAll,
  listedHunks,
  otherThan,
  partOf,
  selectionOf,
  united,
  type Selection,
} from '../../src/git/selection.ts';
import { git, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';

let directory: string;
let repository: string;

beforeAll(() => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'first.txt': 'first\n' });
});
afterAll(() => removeDirectory(directory));

const at = (path: string): string => join(repository, path);

function tree(): string {
  git(repository, 'add', '-A');
  return git(repository, 'write-tree');
}

/** The patch between what is there now and what `change` makes of it, as the relay makes patches. */
function patchOf(change: () => void): Buffer {
  const before = tree();
  change();
  const args = ['diff-tree', '-r', '--patch', '--binary', '--full-index', '--no-renames', before, tree()];
  return execFileSync('git', args, { cwd: repository });
}

/** Ten lines that no other ten lines are. */
function block(name: string): string[] {
  return Array.from({ length: 10 }, (_, index) => `${name} ${String(index)}`);
}

function must(selection: ReturnType<typeof selectionOf>): Selection {
  if (selection.ok) return selection.value;
  throw new Error(selection.error.message);
}

/** What git makes of these files by a patch; it knows nothing of the repository. */
function applied(files: Readonly<Record<string, string>>, patch: Buffer): Record<string, string> {
  const folder = join(directory, 'applied');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text, 'latin1');
  if (patch.length > 0) {
    execFileSync('git', ['apply', '--whitespace=nowarn', '-'], {
      cwd: folder,
      input: patch,
      env: { ...process.env, GIT_CEILING_DIRECTORIES: directory, LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
  return Object.fromEntries(Object.keys(files).map((path) => [path, readFileSync(join(folder, path), 'latin1')]));
}

/** What the chosen hunks say, line by line, from the text of the patch alone. */
function byHand(text: string, patch: string, path: string, chosen: ReadonlySet<number>): string {
  const body = patch.split(/^diff --git /m).find((one) => one.includes(`a/${path} b/`)) ?? '';
  const old = text.split(/(?<=\n)/);
  const made: string[] = [];
  let next = 0;
  const hunks = body.split(/^(?=@@ -)/m).slice(1);
  hunks.forEach((hunk, index) => {
    const [, start = '', count = '1'] = /^@@ -(\d+)(?:,(\d+))? /.exec(hunk) ?? [];
    const from = Number(count) === 0 ? Number(start) : Number(start) - 1;
    const to = from + Number(count);
    made.push(...old.slice(next, from));
    next = to;
    if (!chosen.has(index + 1)) {
      made.push(...old.slice(from, to));
      return;
    }
    const lines = hunk.split(/(?<=\n)/).slice(1);
    lines.forEach((line, place) => {
      if (!line.startsWith('+') && !line.startsWith(' ')) return;
      const isCut = lines[place + 1]?.startsWith('\\') === true;
      made.push(isCut ? line.slice(1).replace(/\n$/, '') : line.slice(1));
    });
  });
  return [...made, ...old.slice(next)].join('');
}

const line = fc.constantFrom('same', 'same', 'other', '', '}', '-minus', '+plus', '@@ -1 +1 @@', 'é', 'tail\r');
const fileText = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 60 }), fc.boolean())
  .map(([lines, ends]) => Buffer.from(lines.join('\n') + (ends ? '\n' : '')).toString('latin1'));
/** Edits at places told as parts of the length: lines out, lines in. */
const edits = fc.array(
  fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3), fc.array(line, { maxLength: 3 })),
  {
    minLength: 1,
    maxLength: 6,
  },
);

function edited(text: string, changes: readonly (readonly [number, number, readonly string[]])[]): string {
  const lines = text.split('\n');
  for (const [place, out, into] of changes) {
    lines.splice(Math.floor(place * lines.length), out, ...into.map((one) => Buffer.from(one).toString('latin1')));
  }
  return lines.join('\n');
}

describe('a part of a patch', () => {
  it('is what the chosen hunks say, for any files, and no more; all parts are the whole', () => {
    let parts = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fileText, edits), { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.boolean()),
        (given, coin) => {
          git(repository, 'rm', '-rfq', '--ignore-unmatch', '.');
          const olds: Record<string, string> = {};
          const news: Record<string, string> = {};
          given.forEach(([text, changes], index) => {
            olds[`f ${String(index)}.txt`] = text;
            news[`f ${String(index)}.txt`] = edited(text, changes);
          });
          for (const [path, text] of Object.entries(olds)) writeFileSync(at(path), text, 'latin1');
          const patch = patchOf(() => {
            for (const [path, text] of Object.entries(news)) writeFileSync(at(path), text, 'latin1');
          });
          const files = patchFiles(patch);
          const hunks = files.flatMap((file) =>
            listedHunks(patch, file).map(({ number }) => ({ path: file.path, number })),
          );
          const chosen = hunks.filter(() => coin.next().value === true);
          const selection = must(
            selectionOf(
              files,
              chosen.map(({ path, number }) => ({ path, hunks: [number] })),
            ),
          );
          const part = partOf(patch, files, selection);
          expect(parsePatch(part)).toMatchObject({ ok: true });
          const expected = Object.fromEntries(
            Object.entries(olds).map(([path, text]) => {
              const numbers = new Set(chosen.filter((one) => one.path === path).map(({ number }) => number));
              return [path, byHand(text, patch.toString('latin1'), path, numbers)];
            }),
          );
          expect(applied(olds, part)).toEqual(expected);
          if (chosen.length > 0 && chosen.length < hunks.length) parts += 1;
          const all = united(files, selection, must(selectionOf(files, undefined)));
          expect(isAll(files, all)).toBe(true);
          expect(partOf(patch, files, all).equals(patch)).toBe(true);
          expect(must(selectionOf(files, chosenIn(selection)))).toEqual(selection);
        },
      ),
      { numRuns: 80 },
    );
    // Else nothing was put to the test.
    expect(parts).toBeGreaterThan(20);
  }, 120_000);

  it('applies where it was, though the same lines stand elsewhere', () => {
    const old = Array.from({ length: 12 }, () => ['{', 'a', 'b', 'c', 'd', 'e', 'f', '}', '', '']).flat();
    writeFileSync(at('same.txt'), `${old.join('\n')}\n`);
    const patch = patchOf(() => {
      const lines = [...old];
      lines.splice(5, 0, ...Array.from({ length: 25 }, (_, index) => `new ${String(index)}`));
      lines[104] = 'changed';
      writeFileSync(at('same.txt'), `${lines.join('\n')}\n`);
    });
    const files = patchFiles(patch);
    const part = partOf(patch, files, must(selectionOf(files, [{ path: 'same.txt', hunks: [2] }])));
    const expected = old.map((text, index) => (index === 79 ? 'changed' : text));
    expect(applied({ 'same.txt': `${old.join('\n')}\n` }, part)['same.txt']).toBe(`${expected.join('\n')}\n`);
  });

  it('leaves the mode alone where it is a part of the hunks, and has it where it is all of them', () => {
    const old = [...block('a'), ...block('b'), ...block('c')];
    writeFileSync(at('mode.sh'), `${old.join('\n')}\n`);
    chmodSync(at('mode.sh'), 0o644);
    const patch = patchOf(() => {
      writeFileSync(at('mode.sh'), `one\n${old.join('\n')}\ntwo\n`);
      chmodSync(at('mode.sh'), 0o755);
    });
    const files = patchFiles(patch);
    expect(files).toMatchObject([{ whole: false, before: { mode: '100644' }, after: { mode: '100755' } }]);
    const [file] = files;
    expect(file?.entries[0]?.hunks).toHaveLength(2);
    for (const [hunks, mode] of [
      [[1], 0o644],
      [[2], 0o644],
      [[1, 2], 0o755],
    ] as const) {
      const part = partOf(patch, files, must(selectionOf(files, [{ path: 'mode.sh', hunks: [...hunks] }])));
      applied({ 'mode.sh': `${old.join('\n')}\n` }, part);
      expect(statSync(join(directory, 'applied', 'mode.sh')).mode & 0o777, String(hunks)).toBe(mode);
    }
  });
});

describe('a choice', () => {
  function everyKind(): Buffer {
    for (const path of ['new.txt', 'type.txt']) rmSync(at(path), { force: true });
    writeFileSync(at('gone.txt'), 'gone\n');
    writeFileSync(at('bytes.bin'), Buffer.from([0, 1, 2]));
    writeFileSync(at('type.txt'), 'type\n');
    writeFileSync(at('mode.txt'), 'mode\n');
    chmodSync(at('mode.txt'), 0o644);
    writeFileSync(at('text.txt'), `${[...block('a'), ...block('b'), ...block('c')].join('\n')}\n`);
    writeFileSync(at('bad\\ "name".txt'), 'x\n');
    return patchOf(() => {
      writeFileSync(at('new.txt'), 'new\n');
      unlinkSync(at('gone.txt'));
      writeFileSync(at('bytes.bin'), Buffer.from([0, 3]));
      unlinkSync(at('type.txt'));
      symlinkSync('text.txt', at('type.txt'));
      chmodSync(at('mode.txt'), 0o755);
      writeFileSync(at('text.txt'), `one\n${[...block('a'), ...block('b'), ...block('c')].join('\n')}\ntwo\n`);
      writeFileSync(at('bad\\ "name".txt'), 'y\n');
    });
  }

  it('is of whole files alone where they are new, gone, binary, of another type or another mode', () => {
    const patch = everyKind();
    const files = patchFiles(patch);
    expect(files.map(({ path, whole }) => [path, whole])).toEqual([
      ['bad\\ "name".txt', false],
      ['bytes.bin', true],
      ['gone.txt', true],
      ['mode.txt', true],
      ['new.txt', true],
      ['text.txt', false],
      ['type.txt', true],
    ]);
    for (const { path } of files.filter(({ whole }) => whole)) {
      expect(selectionOf(files, [{ path, hunks: [1] }])).toMatchObject({
        ok: false,
        error: { message: expect.stringContaining(`"${path}" can be taken whole only: it`) as unknown },
      });
      const part = partOf(patch, files, must(selectionOf(files, [{ path }])));
      const [only, second] = patchFiles(part);
      expect(only).toMatchObject({ path, whole: true });
      expect(second).toBeUndefined();
    }
    expect(files.find(({ path }) => path === 'type.txt')).toMatchObject({
      entries: [{}, {}],
      before: { mode: '100644' },
      after: { mode: '120000' },
    });
  });

  it('is refused by name where the patch has no such file or hunk', () => {
    const files = patchFiles(everyKind());
    expect(selectionOf(files, [{ path: 'text.txt' }, { path: 'absent.txt' }])).toMatchObject({
      ok: false,
      error: { message: 'The patch has no file "absent.txt".' },
    });
    expect(selectionOf(files, [{ path: 'text.txt', hunks: [1, 3, 7] }])).toMatchObject({
      ok: false,
      error: { message: '"text.txt" has 2 hunks in the patch, and no hunk 3, 7.' },
    });
  });

  it('says what is chosen otherwise than before', () => {
    const files = patchFiles(everyKind());
    const some = must(selectionOf(files, [{ path: 'text.txt', hunks: [1] }, { path: 'new.txt' }]));
    const more = united(files, some, must(selectionOf(files, [{ path: 'text.txt', hunks: [2] }])));
    expect(chosenIn(more)).toEqual([{ path: 'new.txt' }, { path: 'text.txt' }]);
    expect([...otherThan(some, more).keys()]).toEqual(['text.txt']);
    expect([...otherThan(more, more).keys()]).toEqual([]);
  });

  it('is made from a list with numbers, sizes and the first lines', () => {
    const patch = everyKind();
    const file = patchFiles(patch).find(({ path }) => path === 'text.txt');
    if (file === undefined) throw new Error('it is in the patch');
    expect(listedHunks(patch, file)).toEqual([
      { number: 1, header: '@@ -1,3 +1,4 @@', added: 1, deleted: 0, preview: ['+one'] },
      { number: 2, header: '@@ -28,3 +29,4 @@ c 6', added: 1, deleted: 0, preview: ['+two'] },
    ]);
  });

  it('knows a submodule that is moved', () => {
    const ids = ['1'.repeat(40), '2'.repeat(40)];
    const text = `diff --git a/sub b/sub\nindex ${ids.join('..')} 160000\n--- a/sub\n+++ b/sub\n@@ -1 +1 @@\n-Subproject commit ${ids[0] ?? ''}\n+Subproject commit ${ids[1] ?? ''}\n`;
    const files = patchFiles(Buffer.from(text));
    expect(files.map(isSubmodule)).toEqual([true]);
    expect(selectionOf(files, [{ path: 'sub', hunks: [1] }])).toMatchObject({
      ok: false,
      error: { message: '"sub" can be taken whole only: it is a submodule.' },
    });
  });
});
