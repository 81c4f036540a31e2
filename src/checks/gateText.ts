import { never } from '../base/result.ts';
import type { TestTally } from '../domain/artifact.ts';
import { isPass, lastOf, type GateRun, type Side } from './gateRun.ts';
import type { TestReport } from './testReport.ts';

/** Tests that a message names. */
const NAMED_TESTS = 5;

/** First what came of it, in a line; then the end of what it printed, where it failed. */
export function detailOf(result: Side, baseline: Side, names: readonly string[]): string {
  const last = lastOf(result);
  const both =
    result === baseline ? 'on the unchanged baseline' : `on the result; ${sideEnd(baseline)} on the baseline`;
  const said = isPass(last) ? '' : last.tail;
  return `${sideEnd(result)} ${both}${reportText(last.report)}${failingText(names)}\n${said}`.trimEnd();
}

export function failingText(names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > NAMED_TESTS ? ` and ${String(names.length - NAMED_TESTS)} more` : '';
  return ` Newly failing: ${names.slice(0, NAMED_TESTS).join(', ')}${more}.`;
}

export function sideEnd({ first, repeated }: Side): string {
  if (repeated === undefined) return howEnded(first);
  const [one, two] = [howEnded(first), howEnded(repeated)];
  return one === two ? `${one} twice` : `${one}, then ${two}`;
}

export function howEnded({ end }: GateRun): string {
  switch (end.kind) {
    case 'exited':
      return `exit ${String(end.exitCode)}`;
    case 'signaled':
      return `ended by ${end.signal}`;
    case 'late':
      return `it ran past its time limit of ${String(end.seconds)} s`;
    case 'stopped':
      return 'it was stopped';
    case 'unready':
      return end.by === 'setup' ? `setup failed (${end.why})` : `it could not be run (${end.why})`;
    default:
      return never(end);
  }
}

/** `12 tests passed, 1 failed`. */
function tallyText({ passed, failed, skipped }: TestTally): string {
  const parts = [
    `${String(passed)} tests passed`,
    ...(failed === 0 ? [] : [`${String(failed)} failed`]),
    ...(skipped === 0 ? [] : [`${String(skipped)} skipped`]),
  ];
  return parts.join(', ');
}

function reportText(report: TestReport): string {
  switch (report.kind) {
    case 'none':
      return '';
    case 'tests':
      return `; ${tallyText(report.tally)}`;
    case 'unreadable':
      return `; the test report was not read: ${report.why}`;
    default:
      return never(report);
  }
}
