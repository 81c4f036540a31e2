import { never } from '../base/result.ts';
import { failure } from '../domain/failure.ts';
import type { Gate } from '../domain/jobSpec.ts';
import { failed, passed, type Finding } from './finding.ts';

/** How one run of a gate's command ended; `output` is the end of what it printed. */
export type GateRun =
  | { readonly kind: 'exited'; readonly exitCode: number; readonly output: string }
  | { readonly kind: 'ended'; readonly how: string; readonly output: string };

/**
 * A gate that passes on the result passes. One that fails there is compared with the baseline, where it is run only then:
 * what failed before is told, and fails the job only where the spec says `must: 'pass'`.
 */
export async function judgeGate(
  gate: Gate,
  onResult: () => Promise<GateRun>,
  onBaseline: () => Promise<GateRun>,
): Promise<Finding> {
  const result = await onResult();
  if (isPass(result)) return passed(`$ ${gate.run}\nexit 0`);
  const told = `$ ${gate.run}\n${howEnded(result)}\n${result.output}`.trimEnd();
  if (gate.must === 'pass') {
    return failed(failure('ACCEPTANCE', `The check "${gate.name}" fails on the result: ${howEnded(result)}.`), told);
  }
  const before = await onBaseline();
  if (!isPass(before))
    return { verdict: 'skip', detail: `It fails on the baseline as well (${howEnded(before)}).\n${told}` };
  return failed(
    failure(
      'ACCEPTANCE',
      `The check "${gate.name}" passes on the baseline and fails on the result: ${howEnded(result)}.`,
    ),
    told,
  );
}

function isPass(run: GateRun): boolean {
  return run.kind === 'exited' && run.exitCode === 0;
}

function howEnded(run: GateRun): string {
  switch (run.kind) {
    case 'exited':
      return `exit ${String(run.exitCode)}`;
    case 'ended':
      return run.how;
    default:
      return never(run);
  }
}
