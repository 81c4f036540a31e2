import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import { describe, type Git } from './git.ts';

/** A branch in a repository of the user's, by its name (`relay/a-task`). `git` is as the user has it. */
export interface BranchPlace {
  readonly git: Git;
  /** A working tree of the repository. */
  readonly directory: string;
  readonly name: string;
}

interface BranchError {
  readonly message: string;
}

/** What the user's hooks would do at a change of refs is theirs to start. */
const QUIET = ['-c', 'core.hooksPath=/dev/null'] as const;

function refOf(name: string): string {
  return `refs/heads/${name}`;
}

export async function isBranchName(git: Git, name: string): Promise<boolean> {
  return (await git.run(['check-ref-format', '--branch', name], {})).ok;
}

/** The commit that it is at; undefined where there is no such branch. */
export async function branchAt({
  git,
  directory,
  name,
}: BranchPlace): Promise<Result<ObjectId | undefined, BranchError>> {
  const told = await git.text(['for-each-ref', '--format=%(objectname) %(refname)', refOf(name)], { cwd: directory });
  if (!told.ok) return err({ message: describe(told.error) });
  // A name fits all that is below it as well.
  const line = told.value.split('\n').find((one) => one.endsWith(` ${refOf(name)}`));
  return ok(line === undefined ? undefined : ObjectId.parse(line.split(' ')[0]));
}

/** One that has its name as a folder (`relay/a-task/more`): there is no place for both. */
export async function branchBelow({
  git,
  directory,
  name,
}: BranchPlace): Promise<Result<string | undefined, BranchError>> {
  const args = ['for-each-ref', '--count=1', '--format=%(refname:lstrip=2)', `${refOf(name)}/`];
  const told = await git.text(args, { cwd: directory });
  if (!told.ok) return err({ message: describe(told.error) });
  return ok(told.value === '' ? undefined : told.value);
}

/** The ref that it is another name of (`refs/heads/main`), be that there or not; undefined where it is a branch of its own. */
export async function symbolicTo({ git, directory, name }: BranchPlace): Promise<string | undefined> {
  const told = await git.text(['symbolic-ref', '--quiet', refOf(name)], { cwd: directory });
  return told.ok ? told.value : undefined;
}

/** Whether a commit is among those of a branch that is at `at`; not so where the repository does not have it. */
export async function contains(
  { git, directory }: Pick<BranchPlace, 'git' | 'directory'>,
  at: ObjectId,
  commit: ObjectId,
): Promise<boolean> {
  return (await git.run(['merge-base', '--is-ancestor', commit, at], { cwd: directory })).ok;
}

/** Makes it, and never moves one that is there. */
export async function createBranch(
  { git, directory, name }: BranchPlace,
  commit: ObjectId,
  reason: string,
): Promise<Result<void, BranchError>> {
  const args = ['update-ref', '--no-deref', '-m', reason, refOf(name), commit, '0'.repeat(commit.length)];
  const done = await git.run([...QUIET, ...args], { cwd: directory });
  return done.ok ? ok(undefined) : err({ message: describe(done.error) });
}

/** Deletes it where it still is at `commit`: it, and never what it would be another name of. */
export async function deleteBranch(
  { git, directory, name }: BranchPlace,
  commit: ObjectId,
): Promise<Result<void, BranchError>> {
  const args = ['update-ref', '--no-deref', '-d', refOf(name), commit];
  const done = await git.run([...QUIET, ...args], { cwd: directory });
  return done.ok ? ok(undefined) : err({ message: describe(done.error) });
}

/** The working tree that has it checked out; undefined where none has. */
export async function checkedOutIn({
  git,
  directory,
  name,
}: BranchPlace): Promise<Result<string | undefined, BranchError>> {
  const told = await git.text(['worktree', 'list', '--porcelain'], { cwd: directory });
  if (!told.ok) return err({ message: describe(told.error) });
  for (const block of told.value.split('\n\n')) {
    const lines = block.split('\n');
    if (lines.includes(`branch ${refOf(name)}`)) return ok(lines[0]?.replace(/^worktree /, '') ?? directory);
  }
  return ok(undefined);
}

/** Of a git that died while it changed the ref: nobody else's names begin so. */
export async function removeBranchLock(commonDir: string, name: string): Promise<void> {
  await rm(join(commonDir, 'refs', 'heads', `${name}.lock`), { force: true });
}
