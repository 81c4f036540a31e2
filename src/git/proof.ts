import { rm } from 'node:fs/promises';
import { ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import { copyIndex } from './capture.ts';
import { describe, type Git, type GitError } from './git.ts';
import { fields, shown, type BytePath } from './path.ts';

/** Paths that a line of the log names. */
const NAMED_PATHS = 5;

/** What applies a patch: into an index alone, from stdin. */
export const APPLY_ARGS = ['apply', '--cached', '--binary', '--whitespace=nowarn', '-'] as const;

/**
 * Applies a patch to the baseline without a checkout, in a copy of the baseline's index, and answers the tree that it
 * makes. The error is git's refusal: the patch does not apply.
 */
export async function applied(
  git: Git,
  baseIndex: string,
  scratchIndex: string,
  patch: Uint8Array,
): Promise<Result<ObjectId, GitError>> {
  await copyIndex(baseIndex, scratchIndex);
  const inCopy = git.with({ GIT_INDEX_FILE: scratchIndex });
  try {
    const done = await inCopy.run([...APPLY_ARGS], { stdin: patch });
    if (!done.ok) return done;
    const written = await inCopy.text(['write-tree'], {});
    return written.ok ? ok(ObjectId.parse(written.value)) : written;
  } finally {
    await rm(scratchIndex, { force: true });
  }
}

/** An index of a commit or tree, in a file of its own. */
export function writeIndex(git: Git, of: ObjectId, index: string): Promise<Result<Buffer, GitError>> {
  return git.with({ GIT_INDEX_FILE: index }).run(['read-tree', of], {});
}

/** Makes a patch's objects again in a repository that has its baseline. */
export async function rebuilt(
  git: Git,
  baseline: ObjectId,
  scratchIndex: string,
  patch: Uint8Array,
): Promise<Result<ObjectId, GitError>> {
  try {
    const read = await writeIndex(git, baseline, scratchIndex);
    return read.ok ? await applied(git, scratchIndex, `${scratchIndex}.copy`, patch) : read;
  } finally {
    await rm(scratchIndex, { force: true });
  }
}

interface WithoutSetup {
  readonly baseIndex: string;
  readonly scratchIndex: string;
  /** Paths that are no part of the work, whoever changed them. */
  readonly never: ReadonlySet<BytePath>;
}

/**
 * The baseline with only what changed between two snapshots: what a setup command alone left is taken out of the result.
 * A path that setup and executor both changed is carried as the executor left it, but for those of `never`.
 */
export async function withoutSetup(
  git: Git,
  { baseIndex, scratchIndex, never }: WithoutSetup,
  afterSetup: ObjectId,
  afterExecutor: ObjectId,
): Promise<Result<ObjectId, GitError>> {
  const changed = await git.run(
    ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--full-index', afterSetup, afterExecutor],
    {},
  );
  if (!changed.ok) return changed;
  await copyIndex(baseIndex, scratchIndex);
  const inCopy = git.with({ GIT_INDEX_FILE: scratchIndex });
  try {
    const updated = await inCopy.run(['update-index', '-z', '--index-info'], {
      stdin: indexInfo(changed.value, never),
    });
    if (!updated.ok) return updated;
    const written = await inCopy.text(['write-tree'], {});
    return written.ok ? ok(ObjectId.parse(written.value)) : written;
  } finally {
    await rm(scratchIndex, { force: true });
  }
}

/** What setup alone left, in a line for the log: none of it is in the patch. `before`: paths that were there before it. */
export async function leftBySetup(
  git: Git,
  baseTree: ObjectId,
  afterSetup: ObjectId,
  before: ReadonlySet<BytePath>,
): Promise<string> {
  if (baseTree === afterSetup) return UNTOUCHED;
  const changed = await git.run(['diff-tree', '-r', '-z', '--name-only', '--no-renames', baseTree, afterSetup], {});
  if (!changed.ok) return `what setup left is not known: ${describe(changed.error)}`;
  const paths = fields(changed.value)
    .filter((path) => !before.has(path))
    .map(shown);
  if (paths.length === 0) return UNTOUCHED;
  const named = paths.slice(0, NAMED_PATHS).join(', ');
  return `setup left ${String(paths.length)} changed files, which are in the patch only where the task changes them too: ${named}${paths.length > NAMED_PATHS ? ', …' : ''}`;
}

const UNTOUCHED = 'setup left every file that git sees as it was';

/** `diff-tree --raw -z` as `update-index --index-info`: deletions first, so that a file can take a folder's place. */
function indexInfo(raw: Buffer, never: ReadonlySet<BytePath>): Buffer {
  const parts = raw.toString('latin1').split('\0');
  const removed: string[] = [];
  const set: string[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, newMode = '', , newId = '', status = ''] = (parts[at] ?? '').slice(1).split(' ');
    const path = parts[at + 1] ?? '';
    if (never.has(path)) continue;
    if (status === 'D') removed.push(`0 ${newId}\t${path}\0`);
    else set.push(`${newMode} ${newId}\t${path}\0`);
  }
  return Buffer.from([...removed, ...set].join(''), 'latin1');
}
