import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isGitName } from '../../base/insidePlace.ts';
import { codeOf, err, ok, type Result } from '../../base/result.ts';

/** `message` is the end of a sentence that begins with the path. */
export interface NotInSlot {
  readonly kind: 'outside' | 'git' | 'unreadable';
  readonly message: string;
}

export interface SlotPath {
  /** Where it is, without any link; what is not there yet is to be made. */
  readonly path: string;
  /** The same, relative to the slot. */
  readonly inside: string;
}

/**
 * The true place of a path that an agent named: links are followed, those of folders that are there and those that lead
 * nowhere, and the place has to be in the slot and not in a git directory.
 */
export async function slotPath(slot: string, named: string): Promise<Result<SlotPath, NotInSlot>> {
  if (named.includes('\0')) return err({ kind: 'outside', message: 'is no path' });
  try {
    const root = await realpath(slot);
    // An agent knows the slot by the path that it was given, which may itself hold a link.
    const path = await trueAs(isAbsolute(named) ? named : join(root, named));
    if (!isIn(root, path)) return err({ kind: 'outside', message: 'is outside of the checkout' });
    const inside = relative(root, path);
    if (inside.split(sep).some(isGitName)) return err({ kind: 'git', message: 'is in a git directory' });
    return ok({ path, inside });
  } catch (thrown) {
    return err({ kind: 'unreadable', message: `cannot be looked up (${codeOf(thrown) ?? 'unknown'})` });
  }
}

function isIn(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

/** As realpath, but for what is not there: its deepest folder that is, and the rest behind it. Throws as realpath does. */
async function trueAs(path: string): Promise<string> {
  const rest: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    if (await isThere(at)) return join(await realpath(at), ...rest);
    if (dirname(at) === at) return join(at, ...rest);
    rest.unshift(basename(at));
  }
}

/** Of a link that leads nowhere, realpath says that it is not there: writing to it would make what it leads to. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}
