import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { file, Judged } from '../fixtures/judged.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { FILES } from './corpus/hostile.ts';

let place: string;
let judged: Judged;

beforeAll(() => {
  place = temporaryDirectory();
  judged = new Judged(makeRepository(join(place, 'repository'), FILES));
});
afterAll(async () => {
  await judged.close();
  removeDirectory(place);
});

const ID = '587be6b4c3f93f93c489c0111bba5596147a26cb';
const ADDED = ['diff --git a/new.txt b/new.txt', 'new file mode 100644', `index ${'0'.repeat(40)}..${ID}`];
const HUNK = ['--- /dev/null', '+++ b/new.txt', '@@ -0,0 +1 @@', '+x'];

/** Texts in the place of the patch that git makes, which adds new.txt: what no tree can express. */
const texts: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'a rename',
    ['diff --git a/new.txt b/new.txt', 'similarity index 100%', 'rename from a.txt', 'rename to new.txt'],
    /line 2: it tells a rename or a copy/,
  ],
  [
    'a copy',
    ['diff --git a/new.txt b/new.txt', 'copy from ../../etc/passwd', 'copy to new.txt'],
    /line 2: it tells a rename or a copy/,
  ],
  ['two names', ['diff --git a/a.txt b/.git/config', 'new file mode 100644', ...HUNK], /line 1: it names two paths/],
  [
    'two names of one length',
    ['diff --git a/new.txt b/old.txt', 'new file mode 100644', ...HUNK],
    /line 1: it names two paths/,
  ],
  [
    'two quoted names',
    ['diff --git "a/n\\303\\251" "b/../x"', 'new file mode 100644', ...HUNK],
    /line 1: it names two paths/,
  ],
  [
    'another name after +++',
    [...ADDED, '--- /dev/null', '+++ b/../../x', '@@ -0,0 +1 @@', '+x'],
    /line 5: .* is another path/,
  ],
  [
    'another name after ---',
    [...ADDED, '--- a/.npmrc', '+++ b/new.txt', '@@ -0,0 +1 @@', '+x'],
    /line 4: .* is another path/,
  ],
  [
    'a name without its a/',
    [...ADDED, '--- new.txt', '+++ b/new.txt', '@@ -0,0 +1 @@', '+x'],
    /line 4: .* is another path/,
  ],
  [
    'a set-user-id bit',
    ['diff --git a/new.txt b/new.txt', 'new file mode 104755', ...HUNK],
    /git keeps no mode 104755/,
  ],
  [
    'a file that all may write',
    ['diff --git a/new.txt b/new.txt', 'new file mode 100777', ...HUNK],
    /git keeps no mode 100777/,
  ],
  ['a folder', ['diff --git a/new.txt b/new.txt', 'new file mode 040000', ...HUNK], /git keeps no mode 040000/],
  [
    'a mode in the index line',
    ['diff --git a/new.txt b/new.txt', `index ${ID}..${ID} 107777`, ...HUNK],
    /git keeps no mode 107777/,
  ],
  [
    'a binary without its bytes',
    [...ADDED, 'Binary files /dev/null and b/new.txt differ'],
    /"Binary files .*" is no line of a patch/,
  ],
  ['words before it', ['Please apply this:', ...ADDED, ...HUNK], /line 1: it does not begin with "diff --git"/],
  ['the older form', ['--- a/../x', '+++ b/../x', '@@ -0,0 +1 @@', '+x'], /does not begin with "diff --git"/],
  ['words between', [...ADDED, 'ignore this', ...HUNK], /"ignore this" is no line of a patch/],
  [
    'a hunk that ends early',
    [...ADDED, '--- /dev/null', '+++ b/new.txt', '@@ -0,0 +1,9 @@', '+x'],
    /the last hunk ends early/,
  ],
  [
    'a hunk with more than it says',
    [...ADDED, '--- /dev/null', '+++ b/new.txt', '@@ -0,0 +1 @@', ' x'],
    /a hunk has more lines than it announces/,
  ],
  [
    'a line without a sign',
    [...ADDED, '--- /dev/null', '+++ b/new.txt', '@@ -0,0 +1,2 @@', '+x', 'y'],
    /"y" is no line of a hunk/,
  ],
  [
    'another file besides',
    [
      ...ADDED,
      ...HUNK,
      'diff --git a/../x b/../x',
      'new file mode 100644',
      '--- /dev/null',
      '+++ b/../x',
      '@@ -0,0 +1 @@',
      '+x',
    ],
    /patch\.diff touches "\.\.\/x", which is no change/,
  ],
  [
    'an absolute file besides',
    [...ADDED, ...HUNK, 'diff --git a//etc/passwd b//etc/passwd', 'old mode 100644', 'new mode 100755'],
    /patch\.diff touches "\/etc\/passwd"/,
  ],
  [
    'a name with a NUL besides',
    [...ADDED, ...HUNK, 'diff --git "a/x\\000" "b/x\\000"', 'new file mode 100644'],
    /patch\.diff touches "x\0"/,
  ],
  [
    'a git directory besides',
    [...ADDED, ...HUNK, 'diff --git a/.git/config b/.git/config', 'old mode 100644', 'new mode 100755'],
    /patch\.diff touches "\.git\/config"/,
  ],
  [
    'nothing of it',
    ['diff --git a/a.txt b/a.txt', 'old mode 100644', 'new mode 100755'],
    /touches "a\.txt", which is no change/,
  ],
  ['no text at all', [], /patch\.diff has no "new\.txt"/],
];

describe('a text that is no patch of git is refused', () => {
  it.each(texts)('%s', async (_what, lines, message) => {
    const patch = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const verdict = await judged.judge({ 'new.txt': file() }, { tamper: (bundle) => ({ ...bundle, patch }) });
    expect(verdict.failure).toMatchObject({
      code: 'BAD_ARTIFACTS',
      message: expect.stringMatching(message) as unknown,
    });
    expect(verdict.checks.find((check) => check.verdict === 'fail')?.name).toBe('bundle');
  });

  it('and the one that git makes is not', async () => {
    const patch = Buffer.from([...ADDED, ...HUNK].map((line) => `${line}\n`).join(''));
    const verdict = await judged.judge({ 'new.txt': file() }, { tamper: (bundle) => ({ ...bundle, patch }) });
    expect(verdict.failure).toBeUndefined();
  });

  it('nor one that makes another content of the same file', async () => {
    const patch = Buffer.from([...ADDED, ...HUNK].map((line) => `${line.replace(/^\+x$/, '+y')}\n`).join(''));
    const verdict = await judged.judge({ 'new.txt': file() }, { tamper: (bundle) => ({ ...bundle, patch }) });
    expect(verdict.failure).toMatchObject({
      code: 'BAD_ARTIFACTS',
      message: expect.stringMatching(/does not reproduce/) as unknown,
    });
  });
});
