import { describe, expect, it } from 'vitest';
import { parsePatch } from '../../src/git/patch.ts';
import { patchItems } from '../../src/git/patchItems.ts';

const head = (path: string): string =>
  `diff --git a/${path} b/${path}\nindex 1..2 100644\n--- a/${path}\n+++ b/${path}\n`;
const read = (text: string): unknown => parsePatch(Buffer.from(text));
const walked = (text: string): unknown[] => {
  const patch = Buffer.from(text);
  return [...patchItems(patch)].map((item) =>
    item.kind === 'line' ? `${item.sign}${String(item.line)} ${patch.toString('utf8', item.from, item.to)}` : item,
  );
};

const two = `${head('a b.txt')}@@ -1,2 +1,3 @@ f() {\n one\n-two\n+zwei\n+drei\n\\ No newline at end of file\n${head('c')}@@ -7 +8 @@\n--- x\n+++ y\n`;

describe('a patch', () => {
  it('is told by file, with lines added and deleted', () => {
    expect(read(two)).toEqual({
      ok: true,
      value: [
        { path: 'a b.txt', added: 2, deleted: 1, binary: false },
        { path: 'c', added: 1, deleted: 1, binary: false },
      ],
    });
  });

  it('is walked through by its new side, with the lines that files have then', () => {
    expect(walked(two)).toEqual([
      { kind: 'file', path: 'a b.txt' },
      { kind: 'hunk' },
      ' 1 one',
      '+2 zwei',
      '+3 drei',
      { kind: 'file', path: 'c' },
      { kind: 'hunk' },
      '+8 ++ y',
    ]);
  });

  it('tells what is binary, up to the next file', () => {
    const binary =
      'diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 3\nKcmZQzU|?imU|;|M0Kfnl\n\nliteral 0\nHcmV?d00001\n\n';
    expect(read(binary + two)).toMatchObject({ value: [{ path: 'x', binary: true }, { added: 2 }, { path: 'c' }] });
    const from = binary.indexOf('literal 3');
    expect(walked(binary + two).slice(0, 3)).toEqual([
      { kind: 'file', path: 'x' },
      { kind: 'binary', from, to: binary.length },
      { kind: 'file', path: 'a b.txt' },
    ]);
    expect(walked(binary)[1]).toEqual({ kind: 'binary', from, to: binary.length });
  });

  it.each([
    ['a hunk that ends early', `${head('a')}@@ -1,2 +1,2 @@\n one`, /line 6: the last hunk ends early/],
    ['a line that is none of a hunk', `${head('a')}@@ -1,2 +1,2 @@\n one\n?`, /line 7: "\?" is no line of a hunk/],
    ['a hunk without a file', '@@ -1 +1 @@\n-a\n+b\n', /line 1: it does not begin with "diff --git"/],
    ['no file at all', 'hello\n', /line 1: it does not begin with "diff --git"/],
  ])('is refused with %s', (_what, text, message) => {
    expect(read(text)).toMatchObject({ ok: false, error: { message: expect.stringMatching(message) as unknown } });
  });

  it('may be empty', () => {
    expect(read('')).toEqual({ ok: true, value: [] });
    expect(walked('')).toEqual([]);
  });
});
