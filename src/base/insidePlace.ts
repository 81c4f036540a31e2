import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './result.ts';

/**
 * What a path leads to, below a folder and without following a link: `foreign` is no path inside of it, `git` is in what
 * some file system takes for a git directory, `through` goes through what is no folder, `other` is a link or a device.
 */
export type InsidePlace = 'file' | 'folder' | 'other' | 'nothing' | 'foreign' | 'git' | 'through';

/** `path` has forward slashes; '' is the folder itself. */
export async function placeInside(root: string, path: string): Promise<InsidePlace> {
  const parts = path === '' ? [] : path.split('/');
  if (/^[a-z]:/i.test(path) || parts.some((part) => ['', '.', '..'].includes(part) || /[\\\0]/.test(part)))
    return 'foreign';
  if (parts.some(isGitName)) return 'git';
  for (const index of parts.keys()) {
    const kind = await kindOf(join(root, ...parts.slice(0, index + 1)));
    if (kind === 'nothing' || index === parts.length - 1) return kind;
    if (kind !== 'folder') return 'through';
  }
  return 'folder';
}

/**
 * Whether some file system takes a name for ".git": in any case, by the short name of Windows, with dots, spaces or a stream
 * behind it, in a compatibility form, or with characters that cannot be seen.
 */
export function isGitName(name: string): boolean {
  const seen = name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return /^(?:\.git|git~\d+)(?:[. ]*|:.*)$/i.test(seen);
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | 'nothing'> {
  try {
    const found = await lstat(path);
    if (found.isFile()) return 'file';
    return found.isDirectory() ? 'folder' : 'other';
  } catch (thrown) {
    return codeOf(thrown) === 'ENOENT' ? 'nothing' : 'other';
  }
}
