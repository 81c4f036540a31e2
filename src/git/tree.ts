import { err, ok, type Result } from '../base/result.ts';
import { describe, type Git } from './git.ts';
import { fields, shown, type BytePath } from './path.ts';

/** The user's working tree could not be asked, or a patch does not fit it. */
export interface TreeError {
  readonly kind: 'conflict' | 'git';
  readonly message: string;
}

/**
 * Paths with staged, unstaged or untracked work; `among` looks at these and below them alone, which must be UTF-8. Git reads
 * the tree as the user has it set, and writes nothing.
 */
export async function dirtyPaths(
  git: Git,
  workspace: string,
  among: readonly BytePath[] = [],
): Promise<Result<ReadonlySet<BytePath>, TreeError>> {
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=dirty'];
  const paths = among.length === 0 ? [] : ['--', ...among.map(shown)];
  const told = await git.run(['--literal-pathspecs', ...args, ...paths], { cwd: workspace });
  if (!told.ok) return err({ kind: 'git', message: describe(told.error) });
  return ok(new Set(fields(told.value).map((line) => line.slice(3))));
}

/** Files that git is told to overlook (`--skip-worktree`, `--assume-unchanged`): of their changes `status` says nothing. */
export async function overlookedPaths(git: Git, workspace: string): Promise<Result<ReadonlySet<BytePath>, TreeError>> {
  const told = await git.run(['ls-files', '-v', '-z'], { cwd: workspace });
  if (!told.ok) return err({ kind: 'git', message: describe(told.error) });
  return ok(new Set(fields(told.value).flatMap((line) => (/^[Sa-z] /.test(line) ? [line.slice(2)] : []))));
}

/** Their git, with `stage` for its working tree. */
export async function inStage(git: Git, workspace: string, stage: string): Promise<Result<Git, TreeError>> {
  const gitDir = await git.text(['rev-parse', '--absolute-git-dir'], { cwd: workspace });
  if (!gitDir.ok) return err({ kind: 'git', message: describe(gitDir.error) });
  const exactly = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'apply.ignoreWhitespace', GIT_CONFIG_VALUE_0: 'no' };
  return ok(git.with({ GIT_DIR: gitDir.value, GIT_WORK_TREE: stage, ...exactly }));
}

/** Those of the paths in a working tree that a filter program of the user's stands before. */
export async function filteredPaths(
  git: Git,
  cwd: string,
  paths: readonly BytePath[],
): Promise<Result<ReadonlySet<BytePath>, TreeError>> {
  const stdin = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  const told = await git.run(['check-attr', '-z', '--stdin', 'filter'], { cwd, stdin });
  if (!told.ok) return err({ kind: 'git', message: describe(told.error) });
  const all = fields(told.value);
  const isFiltered = (value: string | undefined): boolean => value !== 'unspecified' && value !== 'unset';
  // Three fields each: the path, the attribute, its value.
  return ok(new Set(all.filter((_path, at) => at % 3 === 0 && isFiltered(all[at + 2]))));
}

/**
 * Applies a patch to the files in `stage` as if it were the user's working tree: with their attributes and line endings.
 * Neither their tree nor their index is touched.
 */
export async function applyInStage(
  git: Git,
  workspace: string,
  stage: string,
  patch: Uint8Array,
): Promise<Result<void, TreeError>> {
  const staged = await inStage(git, workspace, stage);
  if (!staged.ok) return staged;
  const done = await staged.value.run(['apply', '--whitespace=nowarn', '-'], {
    cwd: stage,
    stdin: patch,
  });
  if (done.ok) return ok(undefined);
  return err({ kind: done.error.kind === 'failed' ? 'conflict' : 'git', message: describe(done.error) });
}
