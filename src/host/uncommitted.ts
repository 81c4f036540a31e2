import { theirsEnvironment } from '../git/environment.ts';
import { Git } from '../git/git.ts';
import { dirtyPaths } from '../git/tree.ts';

/** Whether a working tree has anything that a commit could take; no, where git cannot tell. */
export async function hasUncommitted(
  workspace: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const dirty = await dirtyPaths(new Git(theirsEnvironment(environment)), workspace);
  return dirty.ok && dirty.value.size > 0;
}
