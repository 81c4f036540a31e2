import { never } from '../base/result.ts';
import { DEFAULT_PROTECTED, POLICY_FILE, type Protection } from '../domain/repositoryPolicy.ts';
import { folded, foldedPath } from './foldedPath.ts';
import { matcher } from './glob.ts';

/**
 * Which protection a path falls under; undefined where a patch may touch it. What is no file (a link, a submodule) would put
 * other folders in the place of those above a protected path, so that it falls under the same.
 */
type ProtectionOf = (path: string, isFile: boolean) => Protection['by'] | undefined;

/**
 * A path is protected under every name that a file system could take for the protected one. A lift is to the letter: what
 * allows ".npmrc" does not allow ".NPMRC".
 */
export function protectionOf(protections: readonly Protection[]): ProtectionOf {
  const each = protections
    .filter(({ globs }) => globs.length > 0)
    .map(({ by, globs, lifted }) => ({ by, ...compiled(globs), isLifted: matcher(lifted) }));
  return (path, isFile) =>
    each.find(({ isHeld, isAbove, isLifted }) => (isHeld(path) || (!isFile && isAbove(path))) && !isLifted(path))?.by;
}

interface Compiled {
  readonly isHeld: (path: string) => boolean;
  readonly isAbove: (path: string) => boolean;
}

/** By their list: the defaults are one, and making expressions of all of them costs more than to use them. */
const known = new WeakMap<readonly string[], Compiled>();

function compiled(globs: readonly string[]): Compiled {
  const before = known.get(globs);
  if (before !== undefined) return before;
  const made = { isHeld: holder(globs), isAbove: holder(globs.flatMap(above)) };
  known.set(globs, made);
  return made;
}

/** The folders on the way to what a glob is about, as globs. */
function above(glob: string): readonly string[] {
  const parts = glob.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/')).filter((folder) => !/^[*/]+$/.test(folder));
}

function holder(globs: readonly string[]): (path: string) => boolean {
  const exact = matcher(globs);
  const alike = matcher(globs.map(folded));
  const long = longNames(globs);
  return (path) => {
    if (exact(path)) return true;
    const other = foldedPath(path);
    return alike(other) || (other.includes('~') && alike(long(other)));
  };
}

/**
 * Writes out the short names ("GITHUB~1") under which NTFS knows the names in the globs, and those under which git guards
 * .gitmodules (is_ntfs_dotgitmodules).
 */
function longNames(globs: readonly string[]): (path: string) => string {
  const names = new Set(globs.flatMap((glob) => folded(glob).split('/')).filter((part) => !/[*?[\]{}()]/.test(part)));
  const short = (part: string): string => {
    const stem = /^([^~]{1,6})~[1-9]\d*(?:\.([^.]{1,3}))?$/.exec(part);
    if (stem === null) return part;
    if (/^(?:gi7eba|gi7eb|gi7e|gi7|gi|g)~/.test(part) && part.length === 8) return '.gitmodules';
    return [...names].find((name) => isShortOf(stem[1] ?? '', stem[2] ?? '', name)) ?? part;
  };
  return (path) => path.split('/').map(short).join('/');
}

function isShortOf(stem: string, extension: string, name: string): boolean {
  const bare = name.replace(/^\.+/, '').replace(/[ +,;=[\]]/g, '');
  const dot = bare.lastIndexOf('.');
  const [base, end] = dot < 0 ? [bare, ''] : [bare.slice(0, dot), bare.slice(dot + 1, dot + 4)];
  return base.replaceAll('.', '').slice(0, 6) === stem && end === extension;
}

/** Who protects it, and what a person can do: the end of a sentence that names the path. */
export function aboutProtection(by: Protection['by']): string {
  const task = 'submit the task with it in scope.allowProtected (--allow-protected)';
  switch (by) {
    case 'default':
      return `protected by default. If a patch is meant to, ${task}, or lift it in ${POLICY_FILE} or in relay.policy.lift.`;
    case 'policyFile':
      return `the policy that patches are judged by. If the task is about it, ${task}.`;
    case 'file':
      return `protected by ${POLICY_FILE} at the baseline or at HEAD. If a patch is meant to, ${task}, or change that file and commit it.`;
    case 'host':
      return `protected by the setting relay.policy.protect (--protect). If a patch is meant to, ${task}.`;
    default:
      return never(by);
  }
}

/**
 * What in a text names something that is protected by default: paths and globs as a person writes them. A folder is answered
 * as all that is in it.
 */
export function mentionedProtected(text: string): readonly string[] {
  const isHeld = holder([...DEFAULT_PROTECTED, POLICY_FILE]);
  const words = text
    .split(/[\s"'`()<>,;=|]+/)
    .map((word) => word.replace(/^(?:\.\/)+/, '').replace(/(?:[:#]L?\d[\d:–-]*)?[/.:!?]*$/, ''));
  // All that is in it is protected, and not all that is beside it.
  const isFolder = (word: string): boolean => isHeld(`${word}/x`) && !isHeld(word.replace(/[^/]*$/, 'x'));
  const named = words
    .filter((word) => word !== '' && !word.startsWith('!'))
    .flatMap((word) => (isFolder(word) ? [`${word}/**`] : isHeld(word) ? [word] : []));
  return [...new Set(named)].slice(0, MOST_MENTIONED);
}

const MOST_MENTIONED = 20;
