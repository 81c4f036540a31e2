import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Git, GitError } from './git.ts';

/** Bytes of contents that are held at once. */
const BATCH_BYTES = 16 * 1024 * 1024;

/**
 * Reads contents, a few at a time: one git process a batch, however many there are. One that is larger than `largest` bytes
 * is told as `undefined`.
 */
export async function* blobs(
  git: Git,
  ids: readonly string[],
  largest: number,
): AsyncGenerator<Result<{ readonly id: string; readonly bytes: Buffer | undefined }, GitError>> {
  if (ids.length === 0) return;
  const asked = await git.run(['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'], {
    stdin: `${ids.join('\n')}\n`,
  });
  if (!asked.ok) {
    yield err(asked.error);
    return;
  }
  let batch: { readonly id: string; readonly size: number }[] = [];
  let bytes = 0;
  for (const line of asked.value.toString('latin1').trimEnd().split('\n')) {
    const [id = '', type, size] = line.split(' ');
    if (type !== 'blob') continue;
    if (Number(size) > largest) {
      yield ok({ id, bytes: undefined });
      continue;
    }
    if (bytes + Number(size) > BATCH_BYTES) {
      yield* read(git, batch);
      batch = [];
      bytes = 0;
    }
    batch.push({ id, size: Number(size) });
    bytes += Number(size);
  }
  yield* read(git, batch);
}

async function* read(
  git: Git,
  batch: readonly { readonly id: string; readonly size: number }[],
): AsyncGenerator<Result<{ readonly id: string; readonly bytes: Buffer }, GitError>> {
  if (batch.length === 0) return;
  const told = await git.run(['cat-file', '--batch=%(objectname)'], {
    stdin: `${batch.map(({ id }) => id).join('\n')}\n`,
  });
  if (!told.ok) {
    yield err(told.error);
    return;
  }
  let at = 0;
  for (const { id, size } of batch) {
    at += id.length + 1;
    yield ok({ id, bytes: told.value.subarray(at, at + size) });
    at += size + 1;
  }
}

/** Bytes of matches that a search may tell. */
const LONGEST_TOLD = 16 * 1024 * 1024;

/**
 * Which of the texts (one character a byte, of one line each) stand somewhere in the files of a tree, or of a commit's. They go by stdin, so
 * that none is seen in the list of processes.
 */
export async function inTree(
  git: Git,
  tree: ObjectId,
  texts: readonly string[],
): Promise<Result<ReadonlySet<string>, GitError>> {
  if (texts.length === 0) return ok(new Set());
  const told = await git.run(
    ['grep', '--only-matching', '-h', '--text', '--no-textconv', '--fixed-strings', '-f', '-', tree],
    { stdin: Buffer.from(`${texts.join('\n')}\n`, 'latin1'), maxOutput: LONGEST_TOLD },
  );
  if (told.ok) return ok(new Set(told.value.toString('latin1').split('\n')));
  return told.error.kind === 'failed' && told.error.exitCode === 1 ? ok(new Set()) : told;
}
