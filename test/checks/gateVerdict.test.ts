import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GateEnd, GateRun, Side } from '../../src/checks/gateRun.ts';
import { verdictOf } from '../../src/checks/gateVerdict.ts';
import { isNew } from '../../src/checks/newGate.ts';
import { Tally } from '../../src/checks/tally.ts';
import type { TestReport } from '../../src/checks/testReport.ts';
import type { Gate } from '../../src/domain/jobSpec.ts';

const gate: Gate = { name: 'gate', run: 'npm test' };
const mustPass: Gate = { ...gate, must: 'pass' };

function reportOf(failing: readonly string[]): TestReport {
  const tally = new Tally();
  for (const name of failing) tally.fail(name);
  return { kind: 'tests', tally: tally.told(), results: tally.results() };
}

const none: TestReport = { kind: 'none' };
const run = (end: GateEnd, told: TestReport = none, tail = ''): GateRun => ({ end, tail, report: told });
const exit = (exitCode: number, told: TestReport = none): GateRun => run({ kind: 'exited', exitCode }, told);

const report = fc.oneof(
  fc.constant(none),
  fc.constant<TestReport>({ kind: 'unreadable', why: 'it is broken' }),
  fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }).map(reportOf),
);
const failedEnd = fc.constantFrom<GateEnd>(
  { kind: 'exited', exitCode: 1 },
  { kind: 'exited', exitCode: 127 },
  { kind: 'signaled', signal: 'SIGKILL' },
  { kind: 'late', seconds: 5 },
);
const unready = fc.constantFrom<GateEnd>(
  { kind: 'unready', by: 'setup', why: 'exit 1', isFinal: false },
  { kind: 'unready', by: 'relay', why: 'no room', isFinal: true },
);
const passing = report.map((told) => exit(0, told));
const failing = fc.record({ end: fc.oneof(failedEnd, unready), tail: fc.constant('said'), report });
const side: fc.Arbitrary<Side> = fc.oneof(
  passing.map((first) => ({ first })),
  failing.map((first) => ({ first })),
  fc.record({ first: failing, repeated: fc.oneof(failing, passing) }),
);

const verdictOn = (given: Gate, result: Side, baseline: Side, isNewGate = false) =>
  verdictOf(given, result, baseline, isNewGate).finding;

describe('the verdict on a gate', () => {
  it('is a pass exactly where its first run on the result passes', () => {
    fc.assert(
      fc.property(fc.constantFrom(gate, mustPass), side, side, fc.boolean(), (given, result, baseline, isNewGate) => {
        const { end } = result.first;
        const passes = end.kind === 'exited' && end.exitCode === 0;
        expect(verdictOn(given, result, baseline, isNewGate).verdict === 'pass').toBe(passes);
      }),
    );
  });

  it('is never a skip where the gate must pass', () => {
    fc.assert(
      fc.property(side, side, fc.boolean(), (result, baseline, isNewGate) => {
        expect(verdictOn(mustPass, result, baseline, isNewGate).verdict).not.toBe('skip');
      }),
    );
  });

  it('is a skip only where it failed before as well, or is flaky', () => {
    fc.assert(
      fc.property(side, side, fc.boolean(), (result, baseline, isNewGate) => {
        const { verdict, evidence } = verdictOn(gate, result, baseline, isNewGate);
        if (verdict === 'skip') expect(['still failing', 'flaky']).toContain(evidence?.label);
        if (evidence?.label === 'regressed') expect(verdict).toBe('fail');
      }),
    );
  });

  it('is turned by a report in one way alone: from still failing to regressed', () => {
    const without = ({ first, repeated }: Side): Side => ({
      first: { ...first, report: none },
      ...(repeated === undefined ? {} : { repeated: { ...repeated, report: none } }),
    });
    fc.assert(
      fc.property(side, side, fc.boolean(), (result, baseline, isNewGate) => {
        const blind = verdictOn(gate, without(result), without(baseline), isNewGate);
        const seeing = verdictOn(gate, result, baseline, isNewGate);
        if (seeing.evidence?.label === blind.evidence?.label) expect(seeing.verdict).toBe(blind.verdict);
        else expect([blind.evidence?.label, seeing.evidence?.label]).toEqual(['still failing', 'regressed']);
      }),
    );
  });

  it('asks for tests that fail in both runs on the result, and in neither on the baseline', () => {
    const twice = (first: readonly string[], second: readonly string[]): Side => ({
      first: exit(1, reportOf(first)),
      repeated: exit(1, reportOf(second)),
    });
    const labelOf = (result: Side, baseline: Side): unknown => verdictOn(gate, result, baseline).evidence?.label;
    expect(labelOf(twice(['a', 'b'], ['a', 'b']), twice(['a'], ['a']))).toBe('regressed');
    expect(labelOf(twice(['a', 'b'], ['a']), twice(['a'], ['a']))).toBe('still failing');
    expect(labelOf(twice(['a', 'b'], ['a', 'b']), twice(['a'], ['b']))).toBe('still failing');
    expect(labelOf(twice(['b'], ['b']), { first: exit(1), repeated: exit(1, reportOf(['a'])) })).toBe('still failing');
  });

  it('names no more than five tests, and says how many there are', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const finding = verdictOn(gate, { first: exit(1, reportOf(names)) }, { first: exit(0, reportOf([])) });
    expect(finding).toMatchObject({
      failure: { message: expect.stringMatching(/: a, b, c, d, e and 2 more\.$/) as unknown },
    });
  });

  it('is the relay’s own fault where no checkout could be had', () => {
    const first = run({ kind: 'unready', by: 'relay', why: 'no room on the disk', isFinal: true });
    expect(verdictOn(gate, { first }, { first: exit(0) })).toMatchObject({
      verdict: 'fail',
      failure: {
        code: 'INTERNAL_ERROR',
        message: 'The check "gate" could not be run: no room on the disk. Retry the job.',
      },
    });
  });
});

describe('a gate is new', () => {
  const failed = exit(1);
  const said = (tail: string): GateRun => run({ kind: 'exited', exitCode: 1 }, none, tail);

  it.each([
    ['the command is not found', 'x', exit(127), []],
    ['the command is not executable', 'x', exit(126), []],
    ['npm has no such script', 'npm run lint', said('npm error Missing script: "lint"\nnpm error'), []],
    ['pnpm has no such script', 'pnpm lint', said(' ERR_PNPM_NO_SCRIPT  Missing script: lint'), []],
    ['yarn has no such script', 'yarn lint', said('Usage Error: Couldn\'t find a script named "lint".'), []],
    ['bun has no such script', 'bun run lint', said('error: Script not found "lint"'), []],
    ['the patch adds what it names', 'node test/new.test.js', failed, ['test/new.test.js']],
    ['… after ./', 'cd . && ./run.sh --fast', failed, ['run.sh']],
    ['… in quotes', 'sh -c \'sh "a/b.sh";\'', failed, ['a/b.sh']],
  ])('where %s', (_name, line, onBaseline, added) => {
    expect(isNew(line, onBaseline, added)).toBe(true);
  });

  it.each([
    ['it passes there', 'sh run.sh', exit(0), ['run.sh']],
    ['the patch adds something else', 'node test/new.test.js', failed, ['new.test.js', 'test/new.test', 'test']],
    ['setup failed there', 'sh run.sh', run({ kind: 'unready', by: 'setup', why: '', isFinal: false }), ['run.sh']],
    ['it fails there', 'npm test', said('1 failing: the script is not good'), []],
  ])('not where %s', (_name, line, onBaseline, added) => {
    expect(isNew(line, onBaseline, added)).toBe(false);
  });
});
