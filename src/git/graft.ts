import { err, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import type { GitError } from './git.ts';
import type { Scratch } from './scratch.ts';

/** A tree that becomes a commit which the source repository has not got. */
export interface Grafted {
  readonly tree: ObjectId;
  /** The commit's one parent: `on`, or what descends from it. */
  readonly parent: ObjectId;
  /** A commit that the source repository has. */
  readonly on: ObjectId;
  readonly message: string;
}

export interface GraftFile {
  readonly commit: ObjectId;
  /** A thin pack of the commit and of all that it has and `on` has not; it is gone with the scratch repository. */
  readonly file: string;
}

/** Nobody's: the commit is in no history that people read. */
const IDENTITY = 'task-relay <task-relay@localhost>';
/** Bytes of a pack. */
const LARGEST_PACK = 512 * 1024 * 1024;

/**
 * Makes a commit of a tree and packs it, from objects that the scratch repository has or reads. The same tree on the same
 * parent is the same commit: its time is the parent's, because tools put the time of HEAD into what they build.
 */
export async function graftOf(
  scratch: Scratch,
  { tree, parent, on, message }: Grafted,
): Promise<Result<GraftFile, GitError>> {
  // Not by `git show`, which looks for the parents that a shallow clone has not got.
  const told = await scratch.git.text(['cat-file', 'commit', parent], {});
  if (!told.ok) return told;
  const [, time = '0'] = /^committer .* (\d+) [+-]\d+$/m.exec(told.value) ?? [];
  const who = `${IDENTITY} ${time} +0000`;
  const text = [`tree ${tree}`, `parent ${parent}`, `author ${who}`, `committer ${who}`, '', message, ''].join('\n');
  const made = await scratch.git.text(['hash-object', '-t', 'commit', '-w', '--stdin'], { stdin: text });
  if (!made.ok) return made;
  const commit = ObjectId.parse(made.value);
  const file = scratch.file(`${commit}.pack`);
  const bytes = await scratch.git.toFile(
    ['pack-objects', '--quiet', '--thin', '--stdout', '--revs', '--delta-base-offset'],
    {
      file,
      stdin: `${commit}\n^${on}\n`,
      maxOutput: LARGEST_PACK,
    },
  );
  return bytes.ok ? ok({ commit, file }) : err(bytes.error);
}
