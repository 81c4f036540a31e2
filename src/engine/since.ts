import { shown } from '../git/path.ts';
import { find, isSame, notFolder } from './fileState.ts';
import { foreignIn } from './hindrance.ts';
import type { DeliveredFile } from './receipt.ts';

/** The files that are not as they were before the delivery: those that an undo writes. */
export async function notBefore(workspace: string, files: readonly DeliveredFile[]): Promise<readonly DeliveredFile[]> {
  const left: DeliveredFile[] = [];
  for (const file of files) if (!isSame((await find(workspace, file.path)).state, file.before)) left.push(file);
  return left;
}

/** Those of `some` that are not what a delivery of `all` made of them. */
export async function notAfter(
  workspace: string,
  some: readonly DeliveredFile[],
  all: readonly DeliveredFile[],
): Promise<readonly DeliveredFile[]> {
  const left: DeliveredFile[] = [];
  for (const file of some) if ((await changeIn(workspace, file, all)) !== undefined) left.push(file);
  return left;
}

/** What of `some` is not any more what a delivery of `all` made of it, by name. */
export async function changedIn(
  workspace: string,
  all: readonly DeliveredFile[],
  some: readonly DeliveredFile[],
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const file of some) {
    const name = await changeIn(workspace, file, all);
    if (name !== undefined) changed.push(name);
  }
  return changed;
}

async function changeIn(
  workspace: string,
  { path, after }: DeliveredFile,
  all: readonly DeliveredFile[],
): Promise<string | undefined> {
  const now = await find(workspace, path);
  if (!isSame(now.state, after)) return shown(path);
  if (after.kind === 'absent' && (await notFolder(workspace, path)) !== undefined)
    return isReplaced(path, all) ? undefined : shown(path);
  if (after.kind !== 'folder') return undefined;
  const foreign = await foreignIn(workspace, path, new Set(all.map((file) => file.path)));
  return foreign === undefined ? undefined : shown(foreign);
}

/** Whether one of a path's folders became a file or a link by the delivery itself. */
function isReplaced(path: string, files: readonly DeliveredFile[]): boolean {
  return files.some((file) => path.startsWith(`${file.path}/`));
}
