import { failure } from '../domain/failure.ts';
import { describe, type Git } from '../git/git.ts';
import { APPLY_ARGS, applied } from '../git/proof.ts';
import type { Bundle } from './bundle.ts';
import { failed, passed, skipped, type Finding } from './finding.ts';

export interface ProofPlace {
  readonly git: Git;
  /** The baseline's index, and where a copy of it may be written. */
  readonly baseIndex: string;
  readonly scratchIndex: string;
}

/** As git/proof.ts runs it. */
const APPLY = ['git', ...APPLY_ARGS].join(' ');

/** Two proofs by one application: the patch applies to the baseline, and what it makes is the executor's tree. */
export async function proveBundle(bundle: Bundle, place: ProofPlace): Promise<{ applies: Finding; fidelity: Finding }> {
  if (bundle.patch.byteLength === 0) {
    const nothing = skipped('There is no patch to apply.');
    return { applies: nothing, fidelity: nothing };
  }
  const tree = await applied(place.git, place.baseIndex, place.scratchIndex, bundle.patch);
  if (!tree.ok) {
    const why = `The patch does not apply to the baseline: ${describe(tree.error)}`;
    const exitCode = tree.error.kind === 'failed' ? { exitCode: tree.error.exitCode } : {};
    const applies = { ...failed(failure('CONFLICT', why)), evidence: { run: APPLY, ...exitCode } };
    return { applies, fidelity: skipped('The patch does not apply.') };
  }
  const accepted = passed('git apply --cached accepts the patch on the baseline.');
  const applies = { ...accepted, evidence: { run: APPLY, exitCode: 0 } };
  const evidence = { run: 'git write-tree', exitCode: 0 };
  if (tree.value === bundle.resultTree) {
    const same = passed(`The applied tree is ${tree.value}, as the executor left it.`);
    return { applies, fidelity: { ...same, evidence } };
  }
  const why = `The patch does not reproduce what the executor made: it gives tree ${tree.value} instead of ${bundle.resultTree}.`;
  return { applies, fidelity: { ...failed(failure('BAD_ARTIFACTS', why)), evidence } };
}
