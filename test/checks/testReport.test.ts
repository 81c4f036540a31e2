import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_REPORT, readPrinted, readReports, type TestReport } from '../../src/checks/testReport.ts';

const read = (...texts: readonly string[]): Promise<TestReport> =>
  readReports(texts.map((text, at) => ({ name: `report-${String(at)}`, bytes: Buffer.from(text) })));

const printed = (text: string): Promise<TestReport> => readPrinted(Buffer.from(text), true);

/** What was counted, and the names that failed. */
function told(report: TestReport): unknown {
  if (report.kind !== 'tests') return report;
  const { passed, failed, skipped, failures } = report.tally;
  return [passed, failed, skipped, failures];
}

describe('JUnit', () => {
  it('is read with suites in suites, and whatever else runners write', async () => {
    const report = await read(`<?xml version="1.0" encoding="UTF-8"?>
<!-- by a runner -->
<testsuites name="all" tests="6">
  <properties><property name="x" value="y"/></properties>
  <testsuite name="outer" hostname="h">
    <testsuite name="inner">
      <testcase name="adds" classname="Calc" time="0.1"/>
      <testcase name="divides" classname="Calc"><failure message="1 is not 2" type="AssertionError">at line 3</failure></testcase>
      <testcase name="no class"><error type="Oops"><![CDATA[went <wrong>]]></error></testcase>
      <testcase name="text alone"><failure>
  expected a &amp; b&#33;
      </failure></testcase>
    </testsuite>
    <testcase name="later" classname="Calc"><skipped message="not yet"/></testcase>
    <testcase name="again" classname="Calc"><flakyFailure message="once"/><system-out>ok</system-out></testcase>
    <system-err>noise</system-err>
  </testsuite>
</testsuites>`);
    expect(told(report)).toEqual([
      2,
      3,
      1,
      [
        { name: 'Calc > divides', message: '1 is not 2' },
        { name: 'outer > inner > no class', message: 'Oops' },
        { name: 'outer > inner > text alone', message: 'expected a & b!' },
      ],
    ]);
  });

  it('of several files is one report', async () => {
    const suite = (name: string, inner: string): string => `<testsuite name="${name}">${inner}</testsuite>`;
    const report = await read(
      suite('a', '<testcase name="1"/>'),
      suite('b', '<testcase name="1"><failure/></testcase><testcase name="2"/>'),
    );
    expect(told(report)).toEqual([2, 1, 0, [{ name: 'b > 1' }]]);
  });

  it('lists the first 50 failures, and knows the names of the others', async () => {
    const cases = Array.from({ length: 60 }, (_, at) => `<testcase name="t${String(at)}"><failure/></testcase>`);
    const report = await read(`<testsuite name="s">${cases.join('')}</testsuite>`);
    if (report.kind !== 'tests') throw new Error(report.kind);
    expect(report.tally).toMatchObject({ failed: 60 });
    expect(report.tally.failures).toHaveLength(50);
    expect(report.results.failing.has('s > t59')).toBe(true);
  });
});

describe('TAP', () => {
  it('is read with skips, todos and what a failure says', async () => {
    const report = await read(`TAP version 13
1..5
ok 1 - adds
not ok 2 - divides
  ---
  message: 'by zero'
  ...
ok 3 - later # SKIP no network
not ok 4 - some day # TODO not written
ok
`);
    expect(told(report)).toEqual([2, 1, 2, [{ name: 'divides', message: 'by zero' }]]);
  });

  it('of node:test counts subtests and not what holds them', async () => {
    const report = await read(`TAP version 13
# Subtest: /repo/a.test.js
    # Subtest: adds
    ok 1 - adds
      ---
      duration_ms: 1.5
      type: 'test'
      ...
    # Subtest: math
        # Subtest: divides
        not ok 1 - divides
          ---
          duration_ms: 0.5
          location: '/repo/a.test.js:7:3'
          failureType: 'testCodeFailure'
          error: |-
            Expected values to be strictly equal:
            1 !== 2
          code: 'ERR_ASSERTION'
          ...
        1..1
    not ok 2 - math
      ---
      error: '1 subtest failed'
      ...
    1..2
not ok 1 - /repo/a.test.js
  ---
  error: '1 subtest failed'
  ...
# Subtest: /repo/b.test.js
    # Subtest: fine
    ok 1 - fine
    1..1
not ok 2 - /repo/b.test.js
  ---
  error: 'a hook failed'
  ...
1..2
# tests 3
`);
    expect(told(report)).toEqual([
      2,
      2,
      0,
      [
        { name: '/repo/a.test.js > math > divides', message: 'Expected values to be strictly equal:\n1 !== 2' },
        { name: '/repo/b.test.js', message: 'a hook failed' },
      ],
    ]);
  });

  it('that ends before its plan, or bails out, tells that as a failure', async () => {
    expect(told(await read('TAP version 14\n1..3\nok 1 - a\n'))).toEqual([
      1,
      1,
      0,
      [{ name: '(incorrect number of tests)' }],
    ]);
    const bailed = await read('TAP version 14\n1..3\nok 1 - a\nBail out! no database\n');
    expect(told(bailed)).toMatchObject([1, 1, 0, [{ name: 'Bail out!', message: 'no database' }]]);
  });

  it('keeps what a failure says after the diagnosis of a test that passed, and of one that nothing ends', async () => {
    const report = await read(
      'TAP version 14\nok 1 - a\n  ---\n  message: "x"\n  ...\nnot ok 2 - b\n  ---\n  message: "y"\nnot ok 3 - c\n  ---\n  message: "z"\n  ...\n1..3\n',
    );
    expect(told(report)).toEqual([1, 2, 0, [{ name: 'b' }, { name: 'c', message: 'z' }]]);
  });
});

describe('what a gate printed', () => {
  it('is read where it is TAP, whatever a script runner said first', async () => {
    expect(told(await printed('\n> pkg@1.0.0 test\n> node --test\n\nTAP version 13\nok 1 - a\n1..1\n'))).toEqual([
      1,
      0,
      0,
      [],
    ]);
  });

  it('is read where it is one JUnit document', async () => {
    expect(told(await printed('\n<testsuite name="s"><testcase name="a"/></testsuite>\n'))).toEqual([1, 0, 0, []]);
  });

  it('is no report otherwise', async () => {
    for (const text of ['', 'ok 1 - a\n', 'all good\n', '<html></html>', '{"TAP version 13": 1}'])
      expect(await printed(text)).toEqual({ kind: 'none' });
  });

  it('is not read in part', async () => {
    expect(await readPrinted(Buffer.from('TAP version 13\nok 1\n'), false)).toMatchObject({ kind: 'unreadable' });
    expect(await readPrinted(Buffer.from('nothing of the kind'), false)).toEqual({ kind: 'none' });
  });
});

describe('a hostile report', () => {
  const laughs = Array.from(
    { length: 30 },
    (_, at) => `<!ENTITY l${String(at + 1)} "${`&l${String(at)};`.repeat(10)}">`,
  );
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['billion laughs', `<!DOCTYPE x [<!ENTITY l0 "lol">${laughs.join('')}]><testsuite name="&l30;"/>`, /entity/],
    [
      'an entity from a file',
      '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><testsuite>&f;</testsuite>',
      /entity/,
    ],
    ['a cut document', '<testsuite><testcase name="a">', /well-formed/],
    ['no XML', '<testsuite <', /well-formed/],
    ['two documents', '<testsuite/><testsuite/>', /well-formed/],
    ['another document', '<html></html>', /no JUnit document, but <html>/],
    ['a deep document', `<testsuite>${'<a>'.repeat(100_000)}`, /more than 64 elements/],
    ['neither', 'hello', /neither JUnit XML nor TAP/],
    ['nothing', '', /neither/],
  ];

  it.each(cases)('%s is unreadable, and says why', async (_name, text, why) => {
    expect(await read(text)).toMatchObject({ kind: 'unreadable', why: expect.stringMatching(why) as unknown });
  });

  it('that is too long is not read', async () => {
    const long = Buffer.alloc(LONGEST_REPORT + 1, '<testsuite/>');
    expect(await readReports([{ name: 'r', bytes: long }])).toMatchObject({
      kind: 'unreadable',
      why: expect.stringMatching(/8 MiB/) as unknown,
    });
  });

  // Each within the limit of bytes, and in seconds of one core: the limit of a test holds it.
  const heavy: readonly (readonly [string, () => string])[] = [
    ['a line without an end', () => `TAP version 13\n${'ok '.repeat(2_000_000)}`],
    ['lines that end in other ways', () => `TAP version 13\n${'ok 1\u2028ok 2\rok 3'.repeat(300_000)}`],
    ['spaces', () => `TAP version 13\n${' '.repeat(8_000_000)}ok 1\n`],
    ['subtests within each other', () => `TAP version 13\n${nested(1400)}`],
    ['many diagnoses', () => `TAP version 13\n${'not ok - x\n  ---\n  a: [1, 2]\n  ...\n'.repeat(200_000)}`],
    ['aliases in a diagnosis', () => `TAP version 13\nnot ok 1 - x\n  ---\n${aliases()}  ...\n`],
    ['attributes without end', () => `<testsuite ${attributes(300_000)}/>`],
    [
      'text without end',
      () => `<testsuite><testcase name="a"><failure>${'x'.repeat(8_000_000)}</failure></testcase></testsuite>`,
    ],
  ];

  it.each(heavy)('%s costs no more than its bytes', async (_name, make) => {
    const bytes = Buffer.from(make()).subarray(0, LONGEST_REPORT);
    expect(['tests', 'unreadable']).toContain((await readReports([{ name: 'r', bytes }])).kind);
  });

  it('of any bytes is read or not, and never throws', async () => {
    const piece = fc.constantFrom(
      ...['TAP version 13\n', 'ok', 'not ok', ' 1', ' - a', '\n', '    ', '# Subtest: x', ' # SKIP', ' {', '}', '1..3'],
      ...[
        '  ---\n',
        '  ...\n',
        'a: *b',
        '<testsuite>',
        '</testsuite>',
        '<testcase name="',
        '">',
        '<failure/>',
        '&a;',
        '\r',
      ],
      ...['Bail out!', 'pragma +strict\n', '\u2028', '<!--', '<![CDATA[', '\0', '!re /(a+)+$/', '"'],
    );
    const text = fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, async (said) => {
        for (const report of await Promise.all([
          read(said),
          printed(said),
          read(`TAP version 13\n${said}`),
          read(`<testsuite>${said}`),
        ])) {
          expect(['none', 'tests', 'unreadable']).toContain(report.kind);
          if (report.kind !== 'tests') continue;
          const { failed, failures } = report.tally;
          expect(report.results.failing.size).toBeLessThanOrEqual(failed);
          expect(failures.length).toBe(Math.min(failed, 50));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('that is any list of tests counts each once', async () => {
    const tests = fc.array(
      fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), outcome: fc.constantFrom('ok', 'not ok', 'skip') }),
    );
    await fc.assert(
      fc.asyncProperty(tests, async (all) => {
        const of = (outcome: string): number => all.filter((test) => test.outcome === outcome).length;
        const expected = { passed: of('ok'), failed: of('not ok'), skipped: of('skip') };
        const tap = all.map(({ name, outcome }) =>
          outcome === 'skip' ? `ok - ${name} # SKIP` : `${outcome} - ${name}`,
        );
        const child = { ok: '', 'not ok': '<failure/>', skip: '<skipped/>' } as const;
        const junit = all.map(({ name, outcome }) => `<testcase name="${name}">${child[outcome]}</testcase>`);
        for (const text of [
          `TAP version 14\n1..${String(all.length)}\n${tap.join('\n')}\n`,
          `<testsuites><testsuite name="s">${junit.join('\n')}</testsuite></testsuites>`,
        ])
          expect(await read(text)).toMatchObject({ kind: 'tests', tally: expected });
      }),
    );
  });
});

function nested(depth: number): string {
  const lines = Array.from({ length: depth }, (_, at) => `${'    '.repeat(at)}# Subtest: s\n`);
  return `${lines.join('')}${'    '.repeat(depth)}ok 1\n`;
}

function aliases(): string {
  const lines = Array.from(
    { length: 20 },
    (_, at) => `  l${String(at + 1)}: &l${String(at + 1)} [${`*l${String(at)},`.repeat(9)}]\n`,
  );
  return `  l0: &l0 [x]\n${lines.join('')}`;
}

function attributes(count: number): string {
  return Array.from({ length: count }, (_, at) => `a${String(at)}="x"`).join(' ');
}
