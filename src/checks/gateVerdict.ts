import type { GateLabel, TestTally } from '../domain/artifact.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { Gate } from '../domain/jobSpec.ts';
import type { Finding } from './finding.ts';
import { isFlaky, isPass, isUnstartable, lastOf, sideEnd, tallyText, type GateRun, type Side } from './gateRun.ts';

/** Tests that a message names. */
const NAMED_TESTS = 5;

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
  const names = newlyFailing(result, baseline);
  const label = labelOf(result, baseline, isNew, names.length > 0);
  const why = failureOf(gate, result, baseline, label, names);
  const { report } = lastOf(result);
  const tests = report.kind === 'tests' ? report.tally : undefined;
  const detail = detailOf(gate, result, baseline, label === 'regressed' ? names : []);
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
  const how = sideEnd(result);
  const name = `The check "${gate.name}"`;
  if (last.end.kind === 'unready') {
    if (last.end.by === 'relay') return failure('INTERNAL_ERROR', `${name} could not be run: ${last.end.why}`);
    return failure('ACCEPTANCE', `${name} could not be run: setup fails on the result (${last.end.why}).`);
  }
  if (isFlaky(result)) {
    if (gate.must !== 'pass') return undefined;
    const remedy = 'Make it steady, or submit without must: "pass".';
    return failure(
      'ACCEPTANCE',
      `${name} fails and passes on the same result (${how}), which proves nothing. ${remedy}`,
    );
  }
  if (isPass(last)) return undefined;
  const fails = `${name} fails on the result: ${how}`;
  if (label === undefined) {
    return failure('ACCEPTANCE', `${fails}. It could not be compared with the baseline: ${sideEnd(baseline)}.`);
  }
  if (label === 'new' && isUnstartable(last)) {
    return failure('ACCEPTANCE', `${fails}. It cannot be started on the baseline either: install it, or correct it.`);
  }
  if (label === 'new') return failure('ACCEPTANCE', `${name} is new, and fails on the result: ${how}.`);
  if (label === 'regressed') {
    const before = isPass(lastOf(baseline)) ? 'passes on the baseline and fails' : 'fails in more tests';
    return failure('ACCEPTANCE', `${name} ${before} on the result: ${how}.${failingText(names)}`);
  }
  return gate.must === 'pass' ? failure('ACCEPTANCE', `${fails}, as on the baseline, and it must pass.`) : undefined;
}

/** First what came of it, in a line; then what was run, and the end of what it printed where it failed. */
function detailOf(gate: Gate, result: Side, baseline: Side, names: readonly string[]): string {
  const last = lastOf(result);
  const both =
    result === baseline ? 'on the unchanged baseline' : `on the result; ${sideEnd(baseline)} on the baseline`;
  const { report } = last;
  const tests = report.kind === 'tests' ? `; ${tallyText(report.tally)}` : '';
  return [
    `${sideEnd(result)} ${both}${tests}${failingText(names)}`,
    `$ ${gate.run}`,
    ...(report.kind === 'unreadable' ? [`The test report was not read: ${report.why}.`] : []),
    ...(isPass(last) ? [] : [last.tail]),
  ]
    .join('\n')
    .trimEnd();
}

function failingText(names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > NAMED_TESTS ? ` and ${String(names.length - NAMED_TESTS)} more` : '';
  return ` Newly failing: ${names.slice(0, NAMED_TESTS).join(', ')}${more}.`;
}

/** The tests that fail in every run on the result, and in none on the baseline; none where one of these told no tests. */
function newlyFailing(result: Side, baseline: Side): readonly string[] {
  if (result === baseline) return [];
  const now = runsOf(result).map(failingIn);
  const before = runsOf(baseline).map(failingIn);
  const [first, ...others] = now;
  if (first === undefined || before.includes(undefined) || now.includes(undefined)) return [];
  return [...first].filter(
    (name) => others.every((failing) => failing?.has(name)) && before.every((failing) => failing?.has(name) === false),
  );
}

function runsOf({ first, repeated }: Side): readonly GateRun[] {
  return repeated === undefined ? [first] : [first, repeated];
}

function failingIn({ report }: GateRun): ReadonlySet<string> | undefined {
  return report.kind === 'tests' && report.results.isWhole ? report.results.failing : undefined;
}
