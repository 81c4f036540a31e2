import { runsOf, type GateRun, type Side } from './gateRun.ts';

/** The tests that fail in every run on the result, and in none on the baseline; none where a run did not tell its tests. */
export function newFailures(result: Side, baseline: Side): readonly string[] {
  const [first, ...others] = runsOf(result).map(failingIn);
  const before = runsOf(baseline).map(failingIn);
  if (result === baseline || first === undefined || before.includes(undefined)) return [];
  return [...first].filter(
    (name) => others.every((failing) => failing?.has(name)) && !before.some((failing) => failing?.has(name)),
  );
}

function failingIn({ report }: GateRun): ReadonlySet<string> | undefined {
  return report.kind === 'tests' && report.results.isWhole ? report.results.failing : undefined;
}
