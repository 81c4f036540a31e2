import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import type { BranchPlace } from './branch.ts';
import { describe } from './git.ts';

/** What a working tree is in the middle of, for which it will come back to a branch. */
export interface UnderWay {
  readonly what: 'rebase' | 'bisect';
  /** The working tree. */
  readonly directory: string;
}

/** Where git keeps the names of branches meanwhile, in a working tree's git directory; HEAD is detached by then. */
const NOTES = [
  ['rebase', 'rebase-merge/head-name'],
  ['rebase', 'rebase-merge/update-refs'],
  ['rebase', 'rebase-apply/head-name'],
  ['bisect', 'BISECT_START'],
] as const;

/** What is under way with a branch in any of the repository's working trees; undefined where nothing is. */
export async function underWay({
  git,
  directory,
  name,
}: BranchPlace): Promise<Result<UnderWay | undefined, { readonly message: string }>> {
  const told = await git.text(['rev-parse', '--git-common-dir'], { cwd: directory });
  if (!told.ok) return err({ message: describe(told.error) });
  const common = resolve(directory, told.value);
  const linked = await readdir(join(common, 'worktrees')).catch(() => []);
  for (const gitDirectory of [common, ...linked.map((one) => join(common, 'worktrees', one))]) {
    const what = await noted(gitDirectory, name);
    if (what !== undefined) return ok({ what, directory: await workingTreeOf(gitDirectory) });
  }
  return ok(undefined);
}

async function noted(gitDirectory: string, name: string): Promise<UnderWay['what'] | undefined> {
  for (const [what, file] of NOTES) {
    const lines = (await textOf(join(gitDirectory, file)))
      .split('\n')
      .map((line) => line.replace(/^refs\/heads\//, ''));
    if (lines.includes(name)) return what;
  }
  return undefined;
}

async function workingTreeOf(gitDirectory: string): Promise<string> {
  const link = (await textOf(join(gitDirectory, 'gitdir'))).trim();
  if (link !== '') return dirname(resolve(gitDirectory, link));
  return basename(gitDirectory) === '.git' ? dirname(gitDirectory) : gitDirectory;
}

/** Empty where there is none. */
async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
