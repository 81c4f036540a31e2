import { shown } from '../git/path.ts';
import { findAll, isSame, notFolder, type Found } from './fileState.ts';
import { foreignIn } from './hindrance.ts';
import type { DeliveredFile } from './receipt.ts';

/** The files that are not as they were before the delivery: those that an undo writes. */
export async function notBefore(workspace: string, files: readonly DeliveredFile[]): Promise<readonly DeliveredFile[]> {
  const found = await findAll(
    workspace,
    files.map(({ path }) => path),
  );
  return files.filter((file, at) => !isSame(found[at]?.state ?? file.before, file.before));
}

/** Those of `some` that are not what a delivery of `all` made of them. */
export async function notAfter(
  workspace: string,
  some: readonly DeliveredFile[],
  all: readonly DeliveredFile[],
): Promise<readonly DeliveredFile[]> {
  const changes = await changesIn(workspace, some, all);
  return some.filter((_file, at) => changes[at] !== undefined);
}

/** What of `some` is not any more what a delivery of `all` made of it, by name. */
export async function changedIn(
  workspace: string,
  all: readonly DeliveredFile[],
  some: readonly DeliveredFile[],
): Promise<readonly string[]> {
  return (await changesIn(workspace, some, all)).filter((name) => name !== undefined);
}

/** For each of `some` the name of what changed, where something did. */
async function changesIn(
  workspace: string,
  some: readonly DeliveredFile[],
  all: readonly DeliveredFile[],
): Promise<readonly (string | undefined)[]> {
  const found = await findAll(
    workspace,
    some.map(({ path }) => path),
  );
  const changes: (string | undefined)[] = [];
  for (const [at, file] of some.entries()) changes.push(await changeOf(workspace, file, found[at], all));
  return changes;
}

async function changeOf(
  workspace: string,
  { path, after }: DeliveredFile,
  now: Found | undefined,
  all: readonly DeliveredFile[],
): Promise<string | undefined> {
  if (now === undefined || !isSame(now.state, after)) return shown(path);
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
