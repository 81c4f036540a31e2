import { file, link, submodule } from '../../fixtures/judged.ts';
import type { Hostile } from './hostile.ts';

/** Paths that no patch may ever touch: outside of the repository, or in a git directory under whatever name. */
export const paths: readonly Hostile[] = [
  at('../evil', /leaves the repository by "\.\."/),
  at('src/../../evil', /leaves the repository by "\.\."/),
  at('..', /leaves the repository by "\.\."/),
  {
    ...at('an entry whose name has a slash in it', /leaves the repository by "\.\."/),
    result: (judged) => judged.tree([{ mode: '100644', name: '../evil', id: judged.blob('x') }, ...judged.roots()]),
  },
  at('..\\evil', /leaves the repository on Windows/),
  at('src\\..\\..\\evil', /leaves the repository on Windows/),
  at('.. /evil', /leaves the repository on Windows/),
  at('．．/evil', /folds to "\.\."/),
  at('‥/evil', /folds to "\.\."/),
  at('.\u200b./evil', /folds to "\.\."/),
  at('latin1:\xc0\xae\xc0\xae/evil', /leaves the repository by "\.\."/),
  at('latin1:..\xc0\xafevil', /leaves the repository by "\.\."/),
  at('./evil', /has an empty part, or one that is "\."/),
  // Git itself reads no tree with these.
  { ...at('src//evil', /empty filename in tree entry/), code: 'BAD_ARTIFACTS', check: 'git' },
  { ...at('/etc/passwd', /empty filename in tree entry/), code: 'BAD_ARTIFACTS', check: 'git' },
  {
    // Git writes it without its first slash.
    ...at('an entry whose name is an absolute path', /"etc\/shadow", which is no change/),
    result: (judged) => judged.tree([{ mode: '100644', name: '/etc/shadow', id: judged.blob('x') }, ...judged.roots()]),
    code: 'BAD_ARTIFACTS',
    check: 'bundle',
  },
  at('C:/evil', /begins with a drive of Windows/),
  at('c:\\evil', /begins with a drive of Windows/),
  at('z:', /begins with a drive of Windows/),
  at('\\evil', /begins with a backslash/),
  at('\\\\server\\share\\evil', /begins with a backslash/),

  at('.git/config', /is inside of a git directory\./),
  at('sub/.git/hooks/pre-commit', /is inside of a git directory\./),
  {
    ...at('a file .git that points elsewhere', /".git", which is inside/),
    result: { '.git': file('gitdir: /tmp/x\n') },
  },
  { ...at('a link .git', /"x\/\.git", which is inside/), result: { 'x/.git': link('../src') } },
  { ...at('a submodule .git', /"y\/\.git", which is inside/), result: { 'y/.git': submodule() } },
  at('.GIT/config', /where case does not count/),
  at('.Git/hooks/post-checkout', /where case does not count/),
  at('src/.giT', /where case does not count/),
  at('git~1/config', /short name of "\.git"/),
  at('GIT~1/hooks/pre-commit', /short name of "\.git"/),
  at('.git./config', /drops dots and spaces/),
  at('.git /config', /drops dots and spaces/),
  at('.git. . ./config', /drops dots and spaces/),
  at('GIT~1. /config', /drops dots and spaces/),
  at('.git\\config', /parts folders by "\\"/),
  at('sub\\.GIT\\hooks\\pre-commit', /parts folders by "\\"/),
  at('.git::$INDEX_ALLOCATION/config', /a stream of a git directory/),
  at('.git::$DATA', /a stream of a git directory/),
  at('.git:x', /a stream of a git directory/),
  at('.git .:x', /a stream of a git directory/),
  at('git~1::$INDEX_ALLOCATION/config', /a stream of a git directory/),
  // What HFS+ ignores, each at another place of the name (is_hfs_dotgit).
  ...[0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x206a, 0x206b, 0x206c, 0x206d, 0x206e]
    .concat([0x206f, 0xfeff])
    .map((code, index) => {
      const name = `.git`.slice(0, index % 5) + String.fromCodePoint(code) + `.git`.slice(index % 5);
      return at(`${name}/u+${code.toString(16)}`, /characters that cannot be seen/);
    }),
  at('.g\u200ci\u200dt/config', /characters that cannot be seen/),
  at('.gi\u00adt/config', /characters that cannot be seen/),
  at('g\u200cit~1/config', /characters that cannot be seen/),
  at('．ｇｉｔ/config', /only look otherwise/),
  at('.ｇit/config', /only look otherwise/),
  at('.gİt/config', /only look otherwise/),
  at('.gıt/config', /only look otherwise/),
  at('.G\u200cIT./config', /only look otherwise/),
  at('latin1:\xc0\xaegit/config', /is inside of a git directory\./),
];

function at(path: string, message: RegExp): Hostile {
  return { what: JSON.stringify(path), result: { [path]: file() }, code: 'POLICY', check: 'scope', message };
}
