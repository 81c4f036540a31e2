import type { PatchFile, PatchSide } from '../git/patchFiles.ts';
import { partOf, type Selection } from '../git/selection.ts';
import type { BytePath } from '../git/path.ts';

/** What becomes of one file of the working tree, as far as git's trees tell it. */
export type Fate =
  /** `after`: what git will have there; nothing where only the whole tree says it. */
  | { readonly kind: 'clean'; readonly after?: PatchSide }
  | { readonly kind: 'merged'; readonly after?: PatchSide; readonly detail: string }
  | { readonly kind: 'contained' }
  | { readonly kind: 'conflict'; readonly detail: string };

/** A patch on what HEAD is now, and what becomes of each file by it. */
export interface Landing {
  readonly patch: Buffer;
  readonly fates: ReadonlyMap<BytePath, Fate>;
}

/** Where HEAD has all that the patch touches as the baseline has it: the part of the patch itself. */
export function asItIs(patch: Buffer, files: readonly PatchFile[], selection: Selection): Landing {
  const chosen = files.filter(({ path }) => selection.has(path));
  const fates = chosen.map(({ path, after }): readonly [BytePath, Fate] => [
    path,
    selection.get(path) === 'whole' ? { kind: 'clean', after } : { kind: 'clean' },
  ]);
  return { patch: partOf(patch, files, selection), fates: new Map(fates) };
}
