import type { Clock } from '../base/clock.ts';
import type { Check } from '../domain/artifact.ts';
import type { Failure } from '../domain/failure.ts';
import { checkBundle, type Bundle } from './bundle.ts';
import type { Finding } from './finding.ts';
import { skipped } from './finding.ts';
import type { GateGround } from './gateRun.ts';
import { judgeGate } from './gates.ts';
import { proveBundle, type ProofPlace } from './proof.ts';
import { checkScope } from './scope.ts';

export interface Verdict {
  readonly checks: readonly Check[];
  /** Of the first check that failed: the later ones were not run. */
  readonly failure?: Failure;
}

/** Runs the checks in their order; the first that fails ends the proof. */
export async function judge(bundle: Bundle, place: ProofPlace, gates: GateGround, clock: Clock): Promise<Verdict> {
  let proven: Promise<{ applies: Finding; fidelity: Finding }> | undefined;
  const proof = (): Promise<{ applies: Finding; fidelity: Finding }> => (proven ??= proveBundle(bundle, place));
  const steps: readonly (readonly [string, () => Finding | Promise<Finding>])[] = [
    ['bundle', () => checkBundle(bundle)],
    ['scope', () => checkScope(bundle)],
    ['applies', async () => (await proof()).applies],
    ['fidelity', async () => (await proof()).fidelity],
    ...(bundle.spec.checks ?? []).map((gate) => [gate.name, () => judgeGate(gate, bundle, gates)] as const),
  ];
  const checks: Check[] = [];
  let failure: Failure | undefined;
  for (const [name, run] of steps) {
    const started = clock.monotonic();
    const finding: Finding = failure === undefined ? await run() : skipped('Not run: an earlier check failed.');
    if (finding.verdict === 'fail') failure = finding.failure;
    checks.push({
      name,
      verdict: finding.verdict,
      detail: finding.detail.slice(0, LONGEST_DETAIL),
      durationMs: Math.round(clock.monotonic() - started),
      ...finding.evidence,
    });
  }
  return failure === undefined ? { checks } : { checks, failure };
}

/** Characters of a check's detail that a job carries. */
const LONGEST_DETAIL = 4000;
