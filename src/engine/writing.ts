import type { Log } from '../base/log.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { Digest } from '../domain/ids.ts';
import { shown, type BytePath } from '../git/path.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import { find, isSame, type FileState } from './fileState.ts';
import { keptContent } from './keptContents.ts';
import { fromOf, type DeliveredFile, type Receipt } from './receipt.ts';
import { bring, bringFolders, ChangedMeanwhile, inOrder, removeEmptyParents, type Rewriting } from './rewrite.ts';

/**
 * The one place that writes to the user's tree: file by file, each whole, in an order that the receipt alone gives. What
 * somebody saved meanwhile stays (blocked). An error says why; what is written by then is the caller's to take back.
 */
export async function write(
  receipt: Receipt,
  files: readonly DeliveredFile[],
  contents: ReadonlyMap<Digest, Buffer>,
): Promise<Result<void, RelayError>> {
  const contentOf = (state: FileState): Promise<Buffer> => Promise.resolve(contentIn(contents, state));
  const place = { root: receipt.workspace, temporary: temporaryOf(receipt), contentOf };
  const { leaving, coming } = inOrder(files.map((file) => ({ path: file.path, to: file.after, from: fromOf(file) })));
  try {
    for (const step of [...leaving, ...coming]) await bring(place, step);
    await clearFolders(receipt.workspace, files);
    return ok(undefined);
  } catch (thrown) {
    return err(relayError(thrown instanceof ChangedMeanwhile ? 'blocked' : 'io', messageOf(thrown)));
  }
}

/** The last step of a delivery: folders that it left empty go, as git does it. Once more changes nothing. */
export async function clearFolders(root: string, files: readonly DeliveredFile[]): Promise<void> {
  const { leaving } = inOrder(files.map(({ path, after }) => ({ path, to: after })));
  for (const { path, to } of leaving) if (to.kind === 'absent') await removeEmptyParents(root, path);
}

/**
 * Brings back what was there before all of it, or ahead of the delivery that the receipt is of, wherever what was delivered
 * still stands. One file that cannot be brought back stops none of the others.
 */
export async function bringBack(place: Rewriting, receipt: Receipt, to: 'before' | 'from', log: Log): Promise<void> {
  const steps = receipt.files
    .map((file) => ({ path: file.path, to: to === 'before' ? file.before : fromOf(file), from: file.after }))
    .filter((step) => !isSame(step.to, step.from));
  const { leaving, coming } = inOrder(steps);
  for (const step of leaving) await bringOneBack(place, step, log);
  await bringFolders(place, to === 'before' ? receipt.folders : (receipt.foldersFrom ?? receipt.folders));
  for (const step of coming) await bringOneBack(place, step, log);
}

/** Where a receipt's files are brought back, from what the record has kept. */
export function placeOf(vault: Vault, receipt: Receipt): Rewriting {
  return {
    root: receipt.workspace,
    temporary: temporaryOf(receipt),
    contentOf: (state) => keptContent(vault, receipt, state),
  };
}

interface BackStep {
  readonly path: BytePath;
  readonly to: FileState;
  readonly from: FileState;
}

async function bringOneBack(place: Rewriting, step: BackStep, log: Log): Promise<void> {
  try {
    const now = await find(place.root, step.path);
    // Between a file and a folder there is a moment with neither.
    const isBetween = now.state.kind === 'absent' && (step.from.kind === 'folder' || step.to.kind === 'folder');
    const isOurs = isSame(now.state, step.from) || isBetween;
    if (isOurs) await bring(place, { ...step, from: now.state });
  } catch (thrown) {
    log.write('error', 'a file could not be brought back', { path: shown(step.path), error: messageOf(thrown) });
  }
}

function temporaryOf({ jobId }: Receipt): string {
  return `.relay-${jobId}`;
}

function contentIn(contents: ReadonlyMap<Digest, Buffer>, state: FileState): Buffer {
  return (state.kind === 'file' || state.kind === 'link' ? contents.get(state.digest) : undefined) ?? Buffer.alloc(0);
}
