import type { Gate } from '../domain/jobSpec.ts';
import type { Bundle } from './bundle.ts';
import type { Finding } from './finding.ts';
import { isPass, isUnstartable, type GateGround, type GatePlace, type GateRun, type On, type Side } from './gateRun.ts';
import { verdictOf } from './gateVerdict.ts';
import { isNew } from './newGate.ts';

/**
 * Runs a gate on the result and on the baseline, each in a clean checkout, and tells what the patch made of it.
 *
 * One after the other, though slots might allow both at once: gates use fixed ports, shared caches and all the processors
 * that there are, and would fail each other; and a gate that held two slots would keep another job waiting for its own.
 */
export async function judgeGate(
  gate: Gate,
  { baseTree, resultTree, files }: Pick<Bundle, 'baseTree' | 'resultTree' | 'files'>,
  ground: GateGround,
): Promise<Finding> {
  const place = await ground.open(gate);
  const result = await sideOf(place, 'result', () => false);
  const added = files.filter(({ kind }) => kind === 'added').map(({ path }) => path);
  const isNewGate = (run: GateRun): boolean => isNew(gate.run, run, added);
  // Where nothing was changed, the two are one.
  const baseline = baseTree === resultTree ? result : await sideOf(place, 'baseline', isNewGate);
  const { finding, tests } = verdictOf(gate, result, baseline, baseTree !== resultTree && isNewGate(baseline.first));
  const { end } = result.repeated ?? result.first;
  return {
    ...finding,
    printed: () => place.printed(),
    keep: (redactor) => place.keep(redactor),
    evidence: {
      ...finding.evidence,
      run: gate.run,
      ...(end.kind === 'exited' ? { exitCode: end.exitCode } : {}),
      ...(tests === undefined ? {} : { tests }),
    },
  };
}

/** A run that fails is repeated before it is believed, unless a second one could tell nothing else, or `isKnown`. */
async function sideOf(place: GatePlace, on: On, isKnown: (run: GateRun) => boolean): Promise<Side> {
  const first = await place.run(on, false);
  if (isPass(first) || isKnown(first) || !isRepeatable(first)) return { first };
  return { first, repeated: await place.run(on, true) };
}

/** A second run past the time limit would cost as much again. */
function isRepeatable(run: GateRun): boolean {
  switch (run.end.kind) {
    case 'exited':
      return !isUnstartable(run);
    case 'signaled':
      return true;
    case 'unready':
      return !run.end.isFinal;
    case 'late':
    case 'stopped':
      return false;
  }
}
