import { ok, type Result } from '../base/result.ts';
import type { Git, GitError } from './git.ts';
import { fields, type BytePath } from './path.ts';

/** The output of a list of names, in bytes. */
const LONGEST_LIST = 64 * 1024 * 1024;

/**
 * Files of a working tree that patterns name (a file of them, as .gitignore has them) and that git ignores there: never one
 * that is tracked, nor one that `git add` would take. In git's order; a name that ends with `/` is a repository of its own.
 */
export async function ignoredFiles(
  git: Git,
  topLevel: string,
  patternFile: string,
  signal: AbortSignal,
): Promise<Result<readonly BytePath[], GitError>> {
  const run = { cwd: topLevel, signal, maxOutput: LONGEST_LIST };
  const named = await git.run(['ls-files', '-z', '--others', '--ignored', `--exclude-from=${patternFile}`], run);
  if (!named.ok || named.value.length === 0) return named.ok ? ok([]) : named;
  const ignored = await git.run(['check-ignore', '-z', '--stdin'], { ...run, stdin: named.value });
  if (ignored.ok) return ok(fields(ignored.value));
  // 1: none of them (git-check-ignore, "exit status").
  return ignored.error.kind === 'failed' && ignored.error.exitCode === 1 ? ok([]) : ignored;
}
