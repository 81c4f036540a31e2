import type { Log } from '../base/log.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { Digest } from '../domain/ids.ts';
import { shown, type BytePath } from '../git/path.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import { find, isSame, type FileState } from './fileState.ts';
import { keptContent } from './keptContents.ts';
import { fromOf, type DeliveredFile, type Receipt } from './receipt.ts';
import {
  bring,
  bringFolders,
  ChangedMeanwhile,
  inOrder,
  removeEmptyParents,
  type Change,
  type Rewriting,
} from './rewrite.ts';

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
 * still stands. One file that cannot be brought back stops none of the others, and is told.
 */
export async function bringBack(place: Rewriting, receipt: Receipt, to: 'before' | 'from', log: Log): Promise<NotBack> {
  const steps = receipt.files
    .map((file) => ({ path: file.path, to: to === 'before' ? file.before : fromOf(file), from: file.after }))
    .filter((step) => !isSame(step.to, step.from));
  const { leaving, coming } = inOrder(steps);
  const notBack: { readonly failed: string[]; readonly changed: string[] } = { failed: [], changed: [] };
  const fail = (path: BytePath, thrown: unknown): void => {
    log.write('error', 'a file could not be brought back', { path: shown(path), error: messageOf(thrown) });
    notBack.failed.push(shown(path));
  };
  const bringAll = async (some: readonly Change[]): Promise<void> => {
    for (const step of some) {
      try {
        if (!(await bringOneBack(place, step))) notBack.changed.push(shown(step.path));
      } catch (thrown) {
        if (thrown instanceof ChangedMeanwhile) notBack.changed.push(shown(step.path));
        else fail(step.path, thrown);
      }
    }
  };
  await bringAll(leaving);
  const folders = to === 'before' ? receipt.folders : (receipt.foldersFrom ?? receipt.folders);
  for (const { path, thrown } of await bringFolders(place, folders)) fail(path, thrown);
  await bringAll(coming);
  return notBack;
}

/** What was not brought back, by name. */
export interface NotBack {
  /** What the disk or the record refused: to be tried again. */
  readonly failed: readonly string[];
  /** What somebody has changed: theirs, and left. */
  readonly changed: readonly string[];
}

/** Where a receipt's files are brought back, from what the record has kept. */
export function placeOf(vault: Vault, receipt: Receipt): Rewriting {
  return {
    root: receipt.workspace,
    temporary: temporaryOf(receipt),
    contentOf: (state) => keptContent(vault, receipt, state),
  };
}

/** False where what is there is neither what was delivered nor what is to come back. */
async function bringOneBack(place: Rewriting, step: Change): Promise<boolean> {
  const { state } = await find(place.root, step.path);
  if (isSame(state, step.to)) return true;
  // Between a file and a folder there is a moment with neither.
  const isBetween = state.kind === 'absent' && (step.from.kind === 'folder' || step.to.kind === 'folder');
  if (!isSame(state, step.from) && !isBetween) return false;
  await bring(place, { ...step, from: state });
  return true;
}

function temporaryOf({ jobId }: Receipt): string {
  return `.relay-${jobId}`;
}

function contentIn(contents: ReadonlyMap<Digest, Buffer>, state: FileState): Buffer {
  return (state.kind === 'file' || state.kind === 'link' ? contents.get(state.digest) : undefined) ?? Buffer.alloc(0);
}
