import { err, ok, type Result } from '../base/result.ts';
import type { CatFile } from '../git/catFile.ts';
import { filtered } from '../git/capture.ts';
import { difference } from '../git/difference.ts';
import { describe, type Git } from '../git/git.ts';
import type { Bundle } from './bundle.ts';

export interface GatherPlace {
  readonly git: Git;
  readonly objects: CatFile;
  /** Where an index may be written and removed. */
  readonly scratchIndex: string;
}

/** What is known of a bundle before git is asked. */
type Known = Pick<Bundle, 'spec' | 'policy' | 'baseTree' | 'resultTree' | 'ignored'> & {
  /** Whether any path may have an attribute. */
  readonly attributes: boolean;
};

/** Makes the bundle of two trees, within the policy's limits. The error is git's. */
export async function gather(
  { git, objects, scratchIndex }: GatherPlace,
  { attributes, ...known }: Known,
): Promise<Result<Bundle, string>> {
  const { baseTree, resultTree, policy } = known;
  if (baseTree === resultTree) return ok({ ...known, patch: Buffer.alloc(0), files: [], paths: [], filtered: [] });
  const diff = await difference({ git, objects }, baseTree, resultTree, policy.limits);
  if (!diff.ok) return err(diff.error.message);
  const { patch, changes, excess } = diff.value;
  const present = changes.filter(({ file }) => file.kind !== 'deleted').map(({ path }) => path);
  const underFilter =
    attributes && excess === undefined ? await filtered(git, resultTree, scratchIndex, present) : ok([]);
  if (!underFilter.ok) return err(describe(underFilter.error));
  return ok({
    ...known,
    patch,
    files: changes.map(({ file }) => file),
    paths: changes.map(({ path }) => path),
    filtered: underFilter.value,
    ...(excess === undefined ? {} : { excess }),
  });
}
