import { err, ok, type Result } from '../base/result.ts';
import { describe } from '../git/git.ts';
import { snapshot } from '../git/snapshot.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import { graft } from './baseline.ts';
import type { Pin } from './pin.ts';
import type { Sources } from './sources.ts';

/**
 * HEAD with the user's uncommitted work, as a baseline: what is tracked, and what is untracked and not ignored, as it is at
 * this moment. A clean tree is HEAD itself. Nothing of the user's is touched.
 */
export async function withUncommitted(
  head: Pin,
  { sources, vault }: { readonly sources: Sources; readonly vault: Vault },
): Promise<Result<Pin, RelayError>> {
  const opened = await sources.workshop(head.workspace);
  if (!opened.ok) return err(relayError('io', opened.error.message));
  const scratch = opened.value;
  try {
    const shot = await snapshot({ theirs: sources.theirs, topLevel: head.workspace, scratch });
    if (!shot.ok) return err(relayError('invalid', shot.error.message));
    const { tree, leftOut } = shot.value;
    const committed = await scratch.git.text(['rev-parse', `${head.baseline}^{tree}`], {});
    if (!committed.ok) return err(relayError('io', describe(committed.error)));
    if (tree === undefined || tree === committed.value) return ok(head);
    const on = head.baseline;
    const made = await graft(scratch, { tree, parent: on, on, message: 'Uncommitted work' }, { vault });
    if (!made.ok) return made;
    const told = leftOut.length === 0 ? {} : { leftOut: leftOut.slice(0, MOST_TOLD) };
    return ok({ ...head, baseline: made.value.baseline, graft: { ...made.value.graft, ...told } });
  } finally {
    await scratch.dispose();
  }
}

const MOST_TOLD = 20;
