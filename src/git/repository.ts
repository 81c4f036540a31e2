import { isUtf8 } from 'node:buffer';
import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import type { Git, GitError } from './git.ts';

/** A user's repository as the relay needs to know it. Paths are absolute. */
export interface Repository {
  readonly topLevel: string;
  /** Shared by all linked worktrees. */
  readonly commonDir: string;
  readonly name: string;
  readonly objectFormat: 'sha1' | 'sha256';
  readonly shallow: boolean;
  /** Objects may be absent and come from a promisor remote. */
  readonly partial: boolean;
}

/** `message` says what is wrong with the folder and what to do. */
export interface RepositoryError {
  readonly kind: 'noGit' | 'notFound' | 'noRepository' | 'bare' | 'foreign' | 'failed';
  readonly message: string;
}

/** Finds the repository that `directory` is in, with the user's own git configuration. */
export async function openRepository(git: Git, directory: string): Promise<Result<Repository, RepositoryError>> {
  const folder = await folderAt(directory);
  if (!folder.ok) return folder;
  // A path may hold a newline, so each path is asked for alone and last.
  const facts = await git.text(
    [
      'rev-parse',
      '--is-bare-repository',
      '--is-shallow-repository',
      '--show-object-format',
      '--path-format=absolute',
      '--git-common-dir',
    ],
    { cwd: folder.value },
  );
  if (!facts.ok) return err(explain(facts.error, directory));
  if (facts.value.includes(NO_TEXT)) return err(unnameable(directory));
  const [bare, shallow, format, ...rest] = facts.value.split('\n');
  if (bare === 'true') {
    return err({
      kind: 'bare',
      message: `"${directory}" is a bare repository: it has no working tree to apply a patch to. Open a clone of it instead.`,
    });
  }
  const top = await git.text(['rev-parse', '--path-format=absolute', '--show-toplevel'], { cwd: folder.value });
  if (!top.ok) return err(explain(top.error, directory));
  if (top.value.includes(NO_TEXT)) return err(unnameable(directory));
  const partial = await git.text(['config', '--get-regexp', '^(remote\\..*\\.promisor|extensions\\.partialclone)$'], {
    cwd: folder.value,
  });
  return ok({
    topLevel: top.value,
    commonDir: await realpath(rest.join('\n')),
    name: basename(top.value),
    objectFormat: format === 'sha256' ? 'sha256' : 'sha1',
    shallow: shallow === 'true',
    partial: partial.ok && partial.value !== '',
  });
}

async function folderAt(directory: string): Promise<Result<string, RepositoryError>> {
  try {
    if ((await stat(directory)).isDirectory()) {
      const real = await realpath(directory, { encoding: 'buffer' });
      return isUtf8(real) ? ok(real.toString()) : err(unnameable(directory));
    }
  } catch {
    // Told below: whatever the reason, there is no folder that can be entered.
  }
  return err({
    kind: 'notFound',
    message: `"${directory}" is no folder that can be read. Name the folder of a git repository.`,
  });
}

/** What bytes that are no UTF-8 become as text. */
const NO_TEXT = '\ufffd';

function unnameable(directory: string): RepositoryError {
  return {
    kind: 'failed',
    message: `"${directory}" is in a folder whose name is no UTF-8, so that programs cannot be given its path. Rename that folder.`,
  };
}

function explain(error: GitError, directory: string): RepositoryError {
  if (error.kind === 'missing') return { kind: 'noGit', message: error.message };
  const said = error.kind === 'failed' ? error.stderr : error.message;
  if (/dubious ownership/.test(said)) {
    return {
      kind: 'foreign',
      message: `git does not trust "${directory}", because it belongs to another user. If you do, run: git config --global --add safe.directory '${directory}'`,
    };
  }
  if (/must be run in a work tree/.test(said)) {
    return {
      kind: 'bare',
      message: `"${directory}" is inside a .git directory. Name the folder of the working tree instead.`,
    };
  }
  if (/not a git repository/.test(said)) {
    return {
      kind: 'noRepository',
      message: `"${directory}" is not in a git repository. Run "git init" there and make a first commit.`,
    };
  }
  return { kind: 'failed', message: `git could not open "${directory}": ${said.trim()}` };
}
