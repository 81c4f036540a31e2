// `npm test`: every step, in order, whatever the ones before it found; then what they came to.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';

/** Where vitest writes its results, and this file its last line: .ci/run reads it. */
const REPORT = '.cache/vitest.json';
const COUNTS = '.cache/counts.txt';

/** `--agents`: the real programs of agents as well, fetched on demand. */
const AGENTS_REPORT = '.cache/agents.json';
const withAgents = process.argv.includes('--agents');

const steps: readonly (readonly [name: string, command: string])[] = [
  ['build', 'npm run --silent build'],
  ['types', 'npm run --silent typecheck'],
  ['lint', 'npm run --silent lint'],
  // Layering, unit and integration, in this order: see vitest.config.ts.
  ['tests', `vitest run --reporter=default --reporter=json --outputFile.json=${REPORT}`],
  ...(withAgents
    ? [
        [
          'agents',
          `npm run --silent test:agents -- --reporter=default --reporter=json --outputFile.json=${AGENTS_REPORT}`,
        ] as const,
      ]
    : []),
];

const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The tests, by vitest's own report. A file that could not be loaded has no tests in it, and counts as one failure. */
function countTests(file: string): Counts {
  const report = Report.safeParse(parsed(file));
  if (!report.success) return { passed: 0, failed: 0, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = report.data;
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped: numPendingTests };
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

mkdirSync('.cache', { recursive: true });
for (const report of [REPORT, AGENTS_REPORT]) rmSync(report, { force: true });
rmSync(COUNTS, { force: true });
const failures = steps.filter(([name, command]) => {
  say(`\n== ${name}: ${command}`);
  return spawnSync(command, { shell: true, stdio: 'inherit' }).status !== 0;
});
const counted = [REPORT, AGENTS_REPORT].map(countTests);
const tests = {
  passed: sum(counted.map(({ passed }) => passed)),
  failed: sum(counted.map(({ failed }) => failed)),
  skipped: sum(counted.map(({ skipped }) => skipped)),
};
const failedSteps = failures.filter(([name]) => name !== 'tests' && name !== 'agents').length;
// Vitest can fail without a failed test: an error that nobody caught, or no report at all.
const failedVitest = failures.length > failedSteps && tests.failed === 0 ? 1 : 0;
const failed = tests.failed + failedSteps + failedVitest;

say('');
for (const [name, command] of failures) say(`FAILED  ${name}: ${command}`);
if (tests.skipped > 0) say(`${String(tests.skipped)} skipped (each says why above)`);
const line = `${String(tests.passed)} passed, ${String(failed)} failed`;
writeFileSync(COUNTS, `${line}\n`);
say(line);
process.exitCode = failed === 0 ? 0 : 1;
