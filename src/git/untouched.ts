import { lstat, mkdir, open, type FileHandle } from 'node:fs/promises';
import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Git, GitError } from './git.ts';
import { below, fields, type BytePath } from './path.ts';
import { removeTree } from './removeTree.ts';

/** A slot's files with two indexes of them: as the checkout left them, and as they have just been read. */
export interface Captured {
  readonly root: string;
  readonly index: string;
  readonly baseIndex: string;
  readonly commit: ObjectId;
}

interface Suspect {
  readonly path: BytePath;
  readonly mode: string;
  readonly baseId: string;
}

/**
 * Takes files back out of the index that are, byte for byte, as they were checked out. What attributes say of a file may
 * not be what it was committed by (`eol`, `ident`, an encoding): git takes it for changed when it reads it again, and
 * whether it does hangs on the second in which the file was written. The executor did not change it.
 */
export async function withoutUntouched(git: Git, slot: Captured): Promise<Result<void, GitError>> {
  const inIndex = git.with({ GIT_INDEX_FILE: slot.index });
  const listed = await inIndex.run(['diff-index', '--cached', '-z', '--raw', '--diff-filter=M', slot.commit], {});
  if (!listed.ok) return listed;
  const suspects = suspectsIn(fields(listed.value));
  if (suspects.length === 0) return ok(undefined);
  const pristine = `${slot.index}.pristine`;
  try {
    const shown = await checkOut(git, slot.baseIndex, pristine, suspects);
    if (!shown.ok) return shown;
    const lines: string[] = [];
    for (const { path, mode, baseId } of suspects) {
      if (await areSame(below(slot.root, path), below(pristine, path))) lines.push(`${mode} ${baseId}\t${path}\0`);
    }
    if (lines.length === 0) return ok(undefined);
    const stdin = Buffer.from(lines.join(''), 'latin1');
    const restored = await inIndex.run(['update-index', '-z', '--index-info'], { stdin });
    return restored.ok ? ok(undefined) : restored;
  } finally {
    await removeTree(pristine);
  }
}

/** Regular files whose content differs, from `diff-index --raw -z`. Their permissions may have changed in truth. */
function suspectsIn(parts: readonly string[]): readonly Suspect[] {
  const found: Suspect[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', mode = '', baseId = '', newId = ''] = (parts[at] ?? '').slice(1).split(' ');
    const isFile = oldMode.startsWith('100') && mode.startsWith('100');
    if (isFile && baseId !== newId) found.push({ path: parts[at + 1] ?? '', mode, baseId });
  }
  return found;
}

/** The baseline's files, put out by the baseline's attributes: in an empty work tree git reads them from the index. */
async function checkOut(
  git: Git,
  baseIndex: string,
  directory: string,
  files: readonly Suspect[],
): Promise<Result<void, GitError>> {
  const removed = await removeTree(directory);
  if (!removed.ok) return err({ kind: 'failed', args: ['checkout-index'], exitCode: 1, stderr: removed.error });
  await mkdir(directory, { mode: 0o700 });
  const done = await git
    .with({ GIT_INDEX_FILE: baseIndex, GIT_WORK_TREE: directory })
    .run(['checkout-index', '-q', '-z', '--stdin'], {
      cwd: directory,
      stdin: Buffer.from(files.map(({ path }) => `${path}\0`).join(''), 'latin1'),
    });
  return done.ok ? ok(undefined) : done;
}

const CHUNK = 64 * 1024;

/** Git has just read the file at this very path: no link is on the way to it. */
async function areSame(left: Buffer, right: Buffer): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(left), lstat(right)]);
  if (!one.isFile() || !other.isFile() || one.size !== other.size) return false;
  const [a, b] = await Promise.all([open(left), open(right)]);
  try {
    return await sameBytes(a, b);
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}

async function sameBytes(left: FileHandle, right: FileHandle): Promise<boolean> {
  const chunks = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)] as const;
  for (let at = 0; ;) {
    const [one, other] = await Promise.all([left.read(chunks[0], 0, CHUNK, at), right.read(chunks[1], 0, CHUNK, at)]);
    const read = one.bytesRead;
    if (read !== other.bytesRead || !chunks[0].subarray(0, read).equals(chunks[1].subarray(0, read))) return false;
    if (read === 0) return true;
    at += read;
  }
}
