import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Git } from './git.ts';

/**
 * The branch that HEAD of a working tree is on (`main`); undefined where it is on none. Read from the file where refs are
 * files, since a submission waits for it, and by git where they are not.
 */
export async function branchOfHead(git: Git, topLevel: string): Promise<string | undefined> {
  const head = await headFile(topLevel);
  const name = head === undefined ? undefined : /^ref: refs\/heads\/(.+?)\n?$/.exec(head)?.[1];
  // What a repository with another store of refs has there.
  if (head !== undefined && name !== '.invalid') return name;
  const told = await git.text(['symbolic-ref', '--quiet', '--short', 'HEAD'], { cwd: topLevel });
  return told.ok && told.value !== '' ? told.value : undefined;
}

async function headFile(topLevel: string): Promise<string | undefined> {
  const dotGit = join(topLevel, '.git');
  try {
    if ((await stat(dotGit)).isDirectory()) return await readFile(join(dotGit, 'HEAD'), 'utf8');
    // A linked worktree's says where its own folder is.
    const place = /^gitdir: (.+?)\n?$/.exec(await readFile(dotGit, 'utf8'))?.[1];
    return place === undefined ? undefined : await readFile(join(resolve(topLevel, place), 'HEAD'), 'utf8');
  } catch {
    return undefined;
  }
}
