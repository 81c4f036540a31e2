import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/domain/artifact.ts';
import { JobSpec as JobSpecSchema, type Gate, type JobSpec } from '../../src/domain/jobSpec.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let host: TestHost;

beforeAll(async () => {
  directory = temporaryDirectory();
  const repository = makeRepository(join(directory, 'repo'), {
    'a.txt': 'one\n',
    'old.xml': '<testsuite name="old"><testcase name="believed"/></testsuite>\n',
    'package.json': '{"scripts":{"there":"exit 1"}}\n',
  });
  // One job at a time: the two sides of a gate must not wait for a slot that the other holds.
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache'), concurrency: 1 });
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

/** The patch of every job here: what a gate can tell the two sides by. */
const CHANGE = 'echo two > a.txt; echo "exit 0" > added.sh; mkdir -p bin; echo "exit 1" > bin/failing.sh';
const IS_RESULT = 'grep -q two a.txt';

interface Judged {
  readonly job: string;
  readonly check: Check | undefined;
  readonly message: string;
  /** All that its runs printed. */
  readonly output: string;
  readonly patch: string;
  /** out.md */
  readonly document: string;
}

async function judged(gate: Partial<Gate> & { readonly run: string }, more: Partial<JobSpec> = {}): Promise<Judged> {
  const {
    jobId,
    state,
    reasonCode,
    message = '',
    checks,
  } = await host.run(command(CHANGE, { checks: [{ name: 'gate', ...gate }], ...more }));
  const check = checks.find(({ name }) => name === 'gate');
  const output = check?.output === undefined ? '' : (await host.checkOutput(jobId, 'gate')).toString();
  const patch = (await host.artifact(jobId, 'patch.diff')).toString();
  const document = (await host.artifact(jobId, 'out.md')).toString();
  return {
    document,
    job: reasonCode === undefined ? state : `${state} (${reasonCode})`,
    check,
    message,
    output,
    patch,
  };
}

/** Fails once, and never again, wherever it runs: the folder is outside of every checkout. */
function failsOnce(name: string): string {
  return `test -e "$HOME/${name}" || { touch "$HOME/${name}"; exit 1; }`;
}

const GOOD = 'SUCCEEDED';
const BAD = 'FAILED (ACCEPTANCE)';
const must = { must: 'pass' } as const;

type Row = readonly [name: string, gate: Partial<Gate> & { readonly run: string }, ...Expected];
type Expected = readonly [label: Check['label'], verdict: Check['verdict'], job: string, exitCode: number | undefined];

const corpus: readonly Row[] = [
  ['fixed', { run: IS_RESULT }, 'fixed', 'pass', GOOD, 0],
  ['still passing', { run: 'test -f a.txt' }, 'still passing', 'pass', GOOD, 0],
  ['still failing', { run: 'exit 4' }, 'still failing', 'skip', GOOD, 4],
  ['still failing that must pass', { run: 'exit 4', ...must }, 'still failing', 'fail', BAD, 4],
  ['regressed', { run: `! ${IS_RESULT}` }, 'regressed', 'fail', BAD, 1],
  ['regressed that must pass', { run: `! ${IS_RESULT}`, ...must }, 'regressed', 'fail', BAD, 1],
  ['flaky', { run: failsOnce('flaky') }, 'flaky', 'skip', GOOD, 0],
  ['flaky that must pass', { run: failsOnce('flaky-must'), ...must }, 'flaky', 'fail', BAD, 0],
  ['flaky before', { run: `${IS_RESULT} || ${failsOnce('flaky-before')}` }, 'flaky', 'pass', GOOD, 0],
  [
    'flaky before, and failing',
    { run: `! ${IS_RESULT} && { ${failsOnce('flaky-fail')}; }` },
    'regressed',
    'fail',
    BAD,
    1,
  ],
  ['new by a file that the patch adds', { run: 'sh ./added.sh' }, 'new', 'pass', GOOD, 0],
  ['new, and failing', { run: 'sh "bin/failing.sh"' }, 'new', 'fail', BAD, 1],
  ['new by a script that is not in package.json', { run: `${IS_RESULT} || npm run nope` }, 'new', 'pass', GOOD, 0],
  ['failing by a script that is there', { run: `${IS_RESULT} || npm run there` }, 'fixed', 'pass', GOOD, 0],
  ['new by a command that is found on the result only', { run: `${IS_RESULT} || exit 126` }, 'new', 'pass', GOOD, 0],
  ['not found anywhere', { run: 'no-such-linter' }, 'new', 'fail', BAD, 127],
  ['ended by a signal', { run: `! ${IS_RESULT} || kill -9 $$` }, 'regressed', 'fail', BAD, undefined],
  ['ended by a signal before as well', { run: 'kill -9 $$' }, 'still failing', 'skip', GOOD, undefined],
  ['slow', { run: `! ${IS_RESULT} || sleep 1000`, timeoutS: 1 }, 'regressed', 'fail', BAD, undefined],
  ['slow before', { run: `${IS_RESULT} || sleep 1000`, timeoutS: 1 }, 'fixed', 'pass', GOOD, 0],
  ['leaving a child behind', { run: 'sleep 1000 & setsid sleep 1000 & exit 0' }, 'still passing', 'pass', GOOD, 0],
  [
    'writing into the tree',
    { run: 'test ! -e leak && touch leak && echo x >> a.txt' },
    'still passing',
    'pass',
    GOOD,
    0,
  ],
  ['writing, then failing', { run: 'test -e leak && exit 0; touch leak; exit 1' }, 'still failing', 'skip', GOOD, 1],
];

describe('a gate', () => {
  it.each(corpus)('%s', async (_name, gate, label, verdict, job, exitCode) => {
    const done = await judged(gate);
    expect([done.check?.label, done.check?.verdict, done.job, done.check?.exitCode]).toEqual([
      label,
      verdict,
      job,
      exitCode,
    ]);
    expect(done.check?.run).toBe(gate.run);
    expect(done.output).toContain(`=== on the result\n$ ${gate.run}\n`);
    expect(done.output).toContain(`=== on the baseline\n$ ${gate.run}\n`);
    expect(done.patch).not.toContain('leak');
    expect(done.document).toContain(
      `| gate | ${verdict} | ${String(label)} | ${done.check?.detail?.split('\n')[0] ?? ''} |`,
    );
  });

  it('of a task that changed nothing runs once', async () => {
    const job = await host.run(command('true', { allowEmpty: true, checks: [{ name: 'gate', run: 'echo here' }] }));
    expect(job.state).toBe(GOOD);
    expect(job.checks.at(-1)).toMatchObject({ label: 'still passing', verdict: 'pass' });
    expect((await host.checkOutput(job.jobId, 'gate')).toString().match(/^here$/gm)).toHaveLength(1);
  });

  it('is repeated in a checkout that is as clean as the first, and each run is told', async () => {
    const { output } = await judged({ run: 'git status --porcelain | wc -l; echo err >&2; touch leak; exit 3' });
    const sections = output.split(/^=== /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0])).toEqual([
      'on the result',
      'on the result, repeated',
      'on the baseline',
      'on the baseline, repeated',
    ]);
    for (const section of sections) expect(section).toMatch(/\n\d\n[^]*err\n[^]*\[exit 3\]\n\n$/);
    const counts = sections.map((section) => /^\d$/m.exec(section)?.[0]);
    expect(counts).toEqual(['3', '3', '0', '0']);
  });

  it('that is noisy is kept in part, at both ends of each run', async () => {
    const run = `echo first; head -c 100000000 /dev/zero | tr '\\0' 'y'; echo; echo last; ! ${IS_RESULT}`;
    const { check, output } = await judged({ run });
    expect(check?.label).toBe('regressed');
    expect(check?.output?.bytes).toBe(output.length);
    // Three runs of 5 MiB.
    expect(output.length).toBeLessThan(16 * 1024 * 1024);
    const sections = output.split(/^=== /m).slice(1);
    expect(sections).toHaveLength(3);
    for (const section of sections) {
      const [, left = '0'] = /\n\[(\d+) bytes were left out here/.exec(section) ?? [];
      expect(Number(left)).toBe(100_000_012 - 5 * 1024 * 1024);
      expect(section).toMatch(/\nfirst\ny[^]*y\nlast\n\n\[exit [01]\]\n\n$/);
    }
  });

  it('may empty its temporary folder', async () => {
    const { check, output } = await judged({ run: 'rm -rf "$TMPDIR"/*; echo swept' });
    expect(check?.verdict).toBe('pass');
    expect(output.match(/^swept$/gm)).toHaveLength(2);
  });

  it('is stopped by a cancel, on either side', async () => {
    for (const side of [IS_RESULT, `! ${IS_RESULT}`]) {
      const run = `! { ${side}; } || { echo gate runs; sleep 1000; }`;
      const submitted = await host.submit(command(CHANGE, { checks: [{ name: 'gate', run }] }));
      if (!submitted.ok) throw new Error(submitted.error.message);
      const { jobId } = submitted.value;
      await host.logged(jobId, 'stdout | gate runs');
      await host.relay.cancel({ jobId, origin: 'cli' });
      expect(await host.ended(jobId)).toMatchObject({ state: 'CANCELED' });
      // Its log is sealed when all of it has ended, and nothing grows there any more.
      await host.sealed(jobId);
      expect(readdirSync(join(host.host.places.record, 'logs'))).toEqual([]);
    }
  });
});

describe('setup', () => {
  it('goes before every run', async () => {
    const setup = 'echo set up > generated.txt';
    const { check, output } = await judged({ run: 'cat generated.txt; exit 1' }, { setup });
    expect(check?.label).toBe('still failing');
    expect(output.match(/^set up$/gm)).toHaveLength(4);
  });

  it('that fails on the result alone fails the job, and says so', async () => {
    const { job, check, message, output } = await judged({ run: 'true' }, { setup: `echo hi; ! ${IS_RESULT}` });
    expect([job, check?.label, check?.verdict]).toEqual([BAD, undefined, 'fail']);
    expect(message).toMatch(/"gate" could not be run: setup fails on the result \(.*exit 1/);
    expect(output).toMatch(/=== on the result, repeated\n\$ true\nhi\n\n\[setup failed/);
  });

  it('that hangs on the result is ended, and not tried again', async () => {
    const { job, message, output } = await judged(
      { run: 'true' },
      { setup: `! ${IS_RESULT} || sleep 1000`, execution: { timeoutS: 5 } },
    );
    expect(job).toBe(BAD);
    expect(message).toMatch(/setup fails on the result \(.*it ran past its time limit/);
    expect(output).not.toContain('on the result, repeated');
  });

  it('that fails on the baseline only later leaves the gate without a comparison', async () => {
    const setup = (name: string): string =>
      `${IS_RESULT} || test ! -e "$HOME/${name}" || exit 5; touch "$HOME/${name}"`;
    const passing = await judged({ run: IS_RESULT }, { setup: setup('setup-1') });
    expect([passing.job, passing.check?.label, passing.check?.verdict]).toEqual([GOOD, undefined, 'pass']);
    expect(passing.check?.detail).toMatch(/^exit 0 on the result; setup failed .*exit 5/);
    const failing = await judged({ run: 'exit 1' }, { setup: setup('setup-2') });
    expect([failing.job, failing.check?.label, failing.check?.verdict]).toEqual([BAD, undefined, 'fail']);
    expect(failing.message).toMatch(/could not be compared with the baseline: setup failed/);
  });

  it('tells in the log what it left', async () => {
    const job = await host.run(command(CHANGE, { setup: 'echo x > left.txt; echo y >> package.json' }));
    expect((await host.artifact(job.jobId, 'logs.txt')).toString()).toMatch(
      /setup left 2 changed files, .*: left\.txt, package\.json/,
    );
  });
});

describe('a test report', () => {
  const junit = (failing: readonly string[], passing: readonly string[]): string => {
    const cases = [
      ...failing.map((name) => `<testcase classname="C" name="${name}"><failure message="no ${name}"/></testcase>`),
      ...passing.map((name) => `<testcase classname="C" name="${name}"/>`),
    ];
    return `<testsuites><testsuite name="s"><testsuite name="t">${cases.join('')}</testsuite></testsuite></testsuites>`;
  };
  const onEither = (result: string, baseline: string, exitCode: string): string =>
    `if ${IS_RESULT}; then ${result}; else ${baseline}; fi; exit ${exitCode}`;
  const writes = (text: string, path: string): string => `mkdir -p out; printf '%s' '${text}' > ${path}`;

  it('in files names the tests that fail newly, and makes a gate that failed before regress', async () => {
    const run = onEither(
      `${writes(junit(['b', 'c'], ['d']), 'out/1.xml')}; ${writes(junit(['e'], []), 'out/2.xml')}`,
      writes(junit(['a', 'b'], ['c', 'd']), 'out/1.xml'),
      '1',
    );
    const { job, check, message } = await judged({ run, report: 'out/*.xml' });
    expect([job, check?.label]).toEqual([BAD, 'regressed']);
    expect(message).toMatch(/fails in more tests on the result: exit 1 twice\. Newly failing: C > c, C > e\.$/);
    expect(check?.tests).toMatchObject({ passed: 1, failed: 3, skipped: 0 });
    expect(check?.tests?.failures[0]).toEqual({ name: 'C > b', message: 'no b' });
  });

  it('with no new failures is still failing', async () => {
    const run = onEither(writes(junit(['b'], ['a']), 'r.xml'), writes(junit(['a', 'b'], []), 'r.xml'), '1');
    const { job, check } = await judged({ run, report: 'r.xml' });
    expect([job, check?.label]).toEqual([GOOD, 'still failing']);
  });

  it('turns no verdict: the exit code rules', async () => {
    const passing = await judged({ run: `${writes(junit(['a'], []), 'r.xml')}; exit 0`, report: 'r.xml' });
    expect([passing.job, passing.check?.label, passing.check?.tests?.failed]).toEqual([GOOD, 'still passing', 1]);
    const failing = await judged({ run: onEither(writes(junit([], ['a']), 'r.xml'), 'exit 0', '1'), report: 'r.xml' });
    expect([failing.job, failing.check?.label, failing.check?.tests?.failed]).toEqual([BAD, 'regressed', 0]);
  });

  it.each([
    ['TAP', 'TAP version 13\nok 1 - a\nnot ok 2 - b # TODO later\nok 3 - c # SKIP no\n1..3\n', [1, 0, 2]],
    ['JUnit', junit([], ['a']), [1, 0, 0]],
  ])('is read from what is printed: %s', async (_name, text, counts) => {
    const { check } = await judged({ run: `cat <<'END'\n${text}\nEND` });
    expect([check?.tests?.passed, check?.tests?.failed, check?.tests?.skipped]).toEqual(counts);
  });

  const hostile: readonly (readonly [string, Partial<Gate> & { readonly run: string }, RegExp])[] = [
    ['not written', { run: 'true', report: 'r.xml' }, /nothing was written to "r\.xml"/],
    ['that was there before', { run: 'true', report: '*.xml' }, /nothing was written to "\*\.xml"/],
    [
      'that leads out of the checkout',
      { run: 'ln -s /etc/passwd r.xml', report: 'r.xml' },
      /leads out of the checkout/,
    ],
    [
      'in a folder elsewhere',
      { run: `mkdir "$HOME/o$$"; echo '<testsuite/>' > "$HOME/o$$/r.xml"; ln -s "$HOME/o$$" out`, report: 'out/r.xml' },
      /leads out of the checkout/,
    ],
    ['that is a fifo', { run: 'mkfifo r.xml', report: 'r.xml' }, /is no regular file/],
    ['that is a folder', { run: 'mkdir r.xml', report: 'r.xml' }, /is no regular file/],
    ['of 100 MB', { run: 'head -c 100000000 /dev/zero > r.xml', report: 'r.xml' }, /longer than the 8 MiB/],
    ['that is broken', { run: 'echo "<testsuite" > r.xml', report: 'r.xml' }, /no well-formed XML/],
    ['printed without end', { run: 'echo "TAP version 13"; yes ok | head -c 10000000' }, /longer than 8 MiB/],
  ];

  it.each(hostile)('%s changes nothing, and is told', async (_name, gate, why) => {
    const { job, check } = await judged(gate);
    expect([job, check?.label, check?.tests]).toEqual([GOOD, 'still passing', undefined]);
    expect(check?.detail).toMatch(why);
  });

  it('is asked for inside of the checkout only', () => {
    for (const report of ['/etc/passwd', '../x.xml', 'a/../../x.xml', 'C:\\x.xml']) {
      const given = command('true', { checks: [{ name: 'gate', run: 'true', report }] });
      expect(JobSpecSchema.safeParse(given).success).toBe(false);
    }
  });
});
