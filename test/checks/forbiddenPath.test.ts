import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whyForbidden } from '../../src/checks/forbiddenPath.ts';
import { mentionedProtected, protectionOf } from '../../src/checks/protectedPaths.ts';
import { DEFAULT_PROTECTED } from '../../src/domain/repositoryPolicy.ts';

/** A name as some file system stores it too: other case, wider letters, characters that cannot be seen, an end that is dropped. */
function disguised(name: string): fc.Arbitrary<string> {
  const unseen = fc.constantFrom('', '', '\u200c', '\u200d', '\u202e', '\u206f', '\ufeff', '\u00ad', '\u{e0067}');
  const letters = Array.from(name).map((letter) => {
    const wide = /[!-~]/.test(letter) ? String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0) : letter;
    return fc.tuple(fc.constantFrom(letter, letter.toUpperCase(), wide), unseen).map((both) => both.join(''));
  });
  const end = fc.constantFrom('', '.', ' ', '. .', '::$INDEX_ALLOCATION', ':x');
  return fc.tuple(fc.tuple(...letters), end).map(([spelt, dropped]) => spelt.join('') + dropped);
}

const bytes = (path: string): string => Buffer.from(path).toString('latin1');

describe('a git directory', () => {
  it('is known in any disguise, wherever it stands', () => {
    const name = fc.constantFrom('.git', 'git~1').chain(disguised);
    const before = fc.constantFrom('', 'src/', 'a/b/', 'a\\');
    const after = fc.constantFrom('', '/config', '/hooks/pre-commit', '\\config');
    fc.assert(
      fc.property(before, name, after, (folder, git, rest) => {
        expect(whyForbidden(bytes(`${folder}${git}${rest}`))).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('is not seen in what only begins or ends so', () => {
    const rest = fc.stringMatching(/^[a-z0-9_-]{1,8}$/);
    fc.assert(
      fc.property(rest, (word) => {
        for (const path of [`.git${word}`, `${word}.git`, `git${word}`, `.${word}`, `git~1${word}`])
          expect(path === '.git' ? undefined : whyForbidden(path), path).toBeUndefined();
      }),
    );
  });
});

describe('what is protected', () => {
  const protection = protectionOf([{ by: 'default', globs: DEFAULT_PROTECTED, lifted: [] }]);

  it('is known in any disguise, in any folder', () => {
    const path = fc.constantFrom('.npmrc', '.envrc', '.gitmodules').chain(disguised);
    fc.assert(
      fc.property(fc.constantFrom('', 'a/', 'a/b/'), path, (folder, name) => {
        expect(protection(`${folder}${name}`, true)).toBe('default');
      }),
      { numRuns: 2000 },
    );
    const workflow = fc.tuple(disguised('.github'), disguised('workflows'));
    fc.assert(
      fc.property(workflow, ([github, workflows]) => {
        expect(protection(`${github}/${workflows}/x.yml`, true)).toBe('default');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a text', () => {
  it('names protected paths as people write them', () => {
    const named = (text: string): readonly string[] => mentionedProtected(text);
    expect(named('Pin the registry in `.npmrc`, please.')).toEqual(['.npmrc']);
    expect(named('About packages/a/.npmrc:3-9')).toEqual(['packages/a/.npmrc']);
    expect(named('Add .github/workflows/ci.yml and "./.envrc".')).toEqual(['.github/workflows/ci.yml', '.envrc']);
    expect(named('All of .github/workflows/ must use Node 24')).toEqual(['.github/workflows/**']);
    expect(named('sed -i s/a/b/ .github/workflows/*.yml')).toEqual(['.github/workflows/*.yml']);
    expect(named('(see .husky) .task-relay.json')).toEqual(['.husky/**', '.task-relay.json']);
    expect(named('npx codemod --config=.vscode/settings.json')).toEqual(['.vscode/settings.json']);
  });

  it('about other things names none', () => {
    const texts = [
      '',
      'Use React hooks in src/hooks',
      'Fix the workflow',
      'git push',
      'Update .gitignore',
      'a.b, c/d: e!',
    ];
    for (const text of texts) expect(mentionedProtected(text), text).toEqual([]);
  });
});
