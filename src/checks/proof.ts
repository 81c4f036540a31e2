import { failure } from '../domain/failure.ts';
import { describe, type Git } from '../git/git.ts';
import { applied } from '../git/proof.ts';
import type { Bundle } from './bundle.ts';
import { failed, passed, skipped, type Finding } from './finding.ts';

export interface ProofPlace {
  readonly git: Git;
  /** The baseline's index, and where a copy of it may be written. */
  readonly baseIndex: string;
  readonly scratchIndex: string;
}

/** Two proofs by one application: the patch applies to the baseline, and what it makes is the executor's tree. */
export async function proveBundle(bundle: Bundle, place: ProofPlace): Promise<{ applies: Finding; fidelity: Finding }> {
  if (bundle.patch.byteLength === 0) {
    const nothing = skipped('There is no patch to apply.');
    return { applies: nothing, fidelity: nothing };
  }
  const tree = await applied(place.git, place.baseIndex, place.scratchIndex, bundle.patch);
  if (!tree.ok) {
    const why = `The patch does not apply to the baseline: ${describe(tree.error)}`;
    return { applies: failed(failure('CONFLICT', why)), fidelity: skipped('The patch does not apply.') };
  }
  const applies = passed('git apply --cached accepts the patch on the baseline.');
  if (tree.value === bundle.resultTree)
    return { applies, fidelity: passed(`The applied tree is ${tree.value}, as the executor left it.`) };
  const why = `The patch does not reproduce what the executor made: it gives tree ${tree.value} instead of ${bundle.resultTree}.`;
  return { applies, fidelity: failed(failure('BAD_ARTIFACTS', why)) };
}
