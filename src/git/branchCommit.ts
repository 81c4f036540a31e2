import { ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import type { Git, GitError } from './git.ts';
import type { Person } from './person.ts';
import type { Scratch } from './scratch.ts';

export interface CommitParts {
  readonly tree: ObjectId;
  readonly parent: ObjectId;
  readonly message: string;
  readonly author: Person;
  readonly committer: Person;
  /** ms since 1970. */
  readonly at: number;
}

/** A commit in a scratch repository: without signature, hooks or anybody's template. */
export async function commitIn(scratch: Scratch, parts: CommitParts): Promise<Result<ObjectId, GitError>> {
  const { tree, parent, message, author, committer, at } = parts;
  const seconds = String(Math.floor(at / 1000));
  const env = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: `@${seconds} ${author.zone}`,
    GIT_COMMITTER_NAME: committer.name,
    GIT_COMMITTER_EMAIL: committer.email,
    GIT_COMMITTER_DATE: `@${seconds} ${committer.zone}`,
  };
  const made = await scratch.git.text(['commit-tree', tree, '-p', parent, '-F', '-'], { env, stdin: message });
  return made.ok ? ok(ObjectId.parse(made.value)) : made;
}

/**
 * Puts a commit with what its parent has not into a repository that has the parent. By a pack and not by a fetch: it looks
 * at these two commits alone, so that shallow histories are no matter, and knows of no refs, hooks, tags or maintenance.
 */
export async function carry(
  scratch: Scratch,
  to: { readonly git: Git; readonly directory: string },
  { commit, parent }: { readonly commit: ObjectId; readonly parent: ObjectId },
): Promise<Result<void, GitError>> {
  const pack = await scratch.git.run(['pack-objects', '--quiet', '--revs', '--stdout'], {
    stdin: `${commit}\n^${parent}\n`,
  });
  if (!pack.ok) return pack;
  const unpacked = await to.git.run(['unpack-objects', '-q', '--strict'], { cwd: to.directory, stdin: pack.value });
  return unpacked.ok ? ok(undefined) : unpacked;
}

/** The paths in which two trees differ. */
export async function changedPaths(git: Git, from: ObjectId, to: ObjectId): Promise<Result<Buffer, GitError>> {
  return git.run(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to], {});
}
