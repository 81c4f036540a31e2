import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Sources } from './sources.ts';

/** Where a working tree stands. */
export interface HeadPlace {
  readonly topLevel: string;
  readonly head: ObjectId;
  readonly tree: ObjectId;
}

/** From a process that is warm; or why there is none. */
export async function headPlaceOf(sources: Sources, workspace: string): Promise<Result<HeadPlace, string>> {
  const found = await sources.find(workspace, 'HEAD');
  if (!found.ok) return err(found.error.message);
  const { topLevel, commit } = found.value;
  if (commit === undefined) return err(`"${workspace}" has no commit yet`);
  const repository = await sources.repository(workspace);
  if (!repository.ok) return err(repository.error.message);
  const tree = await repository.value.catFile.commitTree(commit);
  return tree.ok ? ok({ topLevel, head: commit, tree: tree.value }) : err(`the tree of ${commit} cannot be read`);
}
