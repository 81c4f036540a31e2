import { never } from '../base/result.ts';
import type { GateLabel, TestTally } from '../domain/artifact.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { Gate } from '../domain/jobSpec.ts';
import type { Finding } from './finding.ts';
import { isFlaky, isPass, isUnstartable, lastOf, type GateEnd, type Side } from './gateRun.ts';
import { detailOf, failingText, sideEnd } from './gateText.ts';
import { newFailures } from './newFailures.ts';

type Settled = 'pass' | 'fail' | 'flaky' | 'unready';

/**
 * What two sides of a gate come to. Pure.
 *
 * | result  | baseline     | label          | verdict                          |
 * | ------- | ------------ | -------------- | -------------------------------- |
 * | passes  | passes       | still passing  | pass                             |
 * | passes  | fails        | fixed          | pass                             |
 * | passes  | flaky        | flaky          | pass                             |
 * | passes  | new          | new            | pass                             |
 * | fails   | passes, flaky| regressed      | fail                             |
 * | fails   | fails        | still failing  | skip; fail where it must pass    |
 * | … with tests that failed in none of its runs there | regressed | fail     |
 * | fails   | new          | new            | fail                             |
 * | flaky   | any          | flaky          | skip; fail where it must pass    |
 *
 * Without a label: setup failed on the result (fail), or on the baseline (as the result is).
 */
export function verdictOf(
  gate: Gate,
  result: Side,
  baseline: Side,
  isNew: boolean,
): { readonly finding: Finding; readonly tests: TestTally | undefined } {
  const names = newFailures(result, baseline);
  const label = labelOf(result, baseline, isNew, names.length > 0);
  const why = failureOf(gate, result, baseline, label, names);
  const { report } = lastOf(result);
  const tests = report.kind === 'tests' ? report.tally : undefined;
  const detail = detailOf(result, baseline, label === 'regressed' ? names : []);
  const evidence = label === undefined ? {} : { label };
  if (why !== undefined) return { finding: { verdict: 'fail', detail, failure: why, evidence }, tests };
  return {
    finding: { verdict: isPass(lastOf(result)) && !isFlaky(result) ? 'pass' : 'skip', detail, evidence },
    tests,
  };
}

function settled(side: Side): Settled {
  if (isFlaky(side)) return 'flaky';
  const last = lastOf(side);
  if (isPass(last)) return 'pass';
  return last.end.kind === 'unready' ? 'unready' : 'fail';
}

function labelOf(result: Side, baseline: Side, isNew: boolean, failsMore: boolean): GateLabel | undefined {
  const now = settled(result);
  if (now === 'flaky') return 'flaky';
  const before = settled(baseline);
  if (now === 'unready' || before === 'unready') return undefined;
  if (isNew) return 'new';
  if (now === 'pass') return before === 'pass' ? 'still passing' : before === 'fail' ? 'fixed' : 'flaky';
  return before === 'fail' && !failsMore ? 'still failing' : 'regressed';
}

/** Why the job fails by this gate, if it does. */
function failureOf(
  gate: Gate,
  result: Side,
  baseline: Side,
  label: GateLabel | undefined,
  names: readonly string[],
): Failure | undefined {
  const last = lastOf(result);
  if (last.end.kind === 'unready') return unready(gate, last.end);
  const how = sideEnd(result);
  const fails = `The check "${gate.name}" fails on the result: ${how}`;
  switch (label) {
    case 'fixed':
    case 'still passing':
      return undefined;
    case 'flaky':
      return gate.must === 'pass' && isFlaky(result) ? flakyFailure(gate, how) : undefined;
    case 'still failing':
      return gate.must === 'pass' ? acceptance(`${fails}, as on the baseline, and it must pass.`) : undefined;
    case 'regressed': {
      const more = isPass(lastOf(baseline)) ? 'passes on the baseline and fails' : 'fails in more tests';
      return acceptance(`The check "${gate.name}" ${more} on the result: ${how}.${failingText(names)}`);
    }
    case 'new':
      if (isPass(last)) return undefined;
      return acceptance(
        isUnstartable(last)
          ? `${fails}. It cannot be started on the baseline either: install it, or correct it.`
          : `The check "${gate.name}" is new, and fails on the result: ${how}.`,
      );
    case undefined:
      if (isPass(last)) return undefined;
      return acceptance(`${fails}. It could not be compared with the baseline: ${sideEnd(baseline)}.`);
    default:
      return never(label);
  }
}

function unready({ name }: Gate, { by, why }: Extract<GateEnd, { readonly kind: 'unready' }>): Failure {
  const text = `The check "${name}" could not be run`;
  if (by === 'relay') return failure('INTERNAL_ERROR', `${text}: ${why}. Retry the job.`);
  return acceptance(`${text}: setup fails on the result (${why}).`);
}

function flakyFailure({ name }: Gate, how: string): Failure {
  const remedy = 'Make it steady, or submit without must: "pass".';
  return acceptance(
    `The check "${name}" fails and passes on the same result (${how}), which proves nothing. ${remedy}`,
  );
}

function acceptance(message: string): Failure {
  return failure('ACCEPTANCE', message);
}
