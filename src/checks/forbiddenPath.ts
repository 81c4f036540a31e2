import { asText, folded, partsOf, stored } from './foldedPath.ts';
import type { BytePath } from '../git/path.ts';

/**
 * Why no patch may ever touch a path, as the end of a sentence; undefined where it is a path inside of the repository.
 * Git itself refuses most of these, but not on every platform: see verify_path in its read-cache.c, and is_hfs_dotgit and
 * is_ntfs_dotgit.
 */
export function whyForbidden(path: BytePath): string | undefined {
  if (path === '') return 'has no name';
  if (path.includes('\0')) return 'has a NUL in its name: what comes after it would be cut off';
  const text = asText(path);
  if (text.startsWith('/')) return 'is absolute, and so outside of the repository';
  if (text.startsWith('\\')) return 'begins with a backslash, which is absolute on Windows';
  // Not "a:b", which is an honest name here; git itself makes no such file on Windows.
  if (/^[a-z]:(?:[\\/]|$)/i.test(text)) return 'begins with a drive of Windows, and so is outside of the repository';
  const byGit = text.split('/');
  if (byGit.includes('..')) return 'leaves the repository by ".."';
  if (byGit.includes('.') || byGit.includes('')) return 'has an empty part, or one that is "."';
  if (partsOf(text).some(isUp))
    return 'leaves the repository on Windows, where "\\" parts folders and spaces at an end are dropped';
  if (partsOf(folded(text)).some(isUp)) return 'has a part that folds to ".."';
  return whyGitDirectory(text);
}

function isUp(part: string): boolean {
  return /^\.\. *$/.test(part);
}

/** Why a path leads into a git directory; undefined where it does not. */
export function whyGitDirectory(text: string): string | undefined {
  const byGit = text.split('/');
  if (byGit.includes('.git')) return 'is inside of a git directory';
  if (byGit.some((part) => part.toLowerCase() === '.git'))
    return 'is inside of a git directory where case does not count (".git" written otherwise)';
  const parts = partsOf(text).map((part) => part.toLowerCase());
  if (parts.includes('git~1'))
    return 'is inside of a git directory on Windows, where "git~1" is the short name of ".git"';
  if (parts.some((part) => /^(?:\.git|git~1) *[. ]*:/.test(part)))
    return 'is a stream of a git directory on Windows (".git::$INDEX_ALLOCATION" and the like)';
  if (parts.some((part) => GIT.has(stored(part))))
    return 'is inside of a git directory on Windows, which drops dots and spaces at the end of a name and parts folders by "\\"';
  const seen = partsOf(folded(text)).map(stored);
  return seen.some((part) => GIT.has(part))
    ? 'is inside of a git directory where characters that cannot be seen, or only look otherwise, do not count'
    : undefined;
}

const GIT: ReadonlySet<string> = new Set(['.git', 'git~1']);
