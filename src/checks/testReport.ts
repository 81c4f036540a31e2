import type { TestTally } from '../domain/artifact.ts';
import { Tally, type TestResults } from './tally.ts';

/** Bytes of one report, or of all reports of a gate together, that are read. What is longer is not read at all. */
export const LONGEST_REPORT = 8 * 1024 * 1024;

/**
 * What a gate's report says. A report only tells, the exit code judges: one that is broken, hostile or too long is
 * `unreadable` with its reason, and turns nothing.
 */
export type TestReport =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'tests'; readonly tally: TestTally; readonly results: TestResults };

/** The report files of one run as one report: JUnit XML or TAP, each told by what it begins with. */
export async function readReports(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Promise<TestReport> {
  if (files.length === 0) return { kind: 'none' };
  if (files.reduce((sum, { bytes }) => sum + bytes.length, 0) > LONGEST_REPORT) return tooLong;
  const tally = new Tally();
  for (const { name, bytes } of files) {
    const why = await readOne(textOf(bytes), tally);
    if (why !== undefined) return { kind: 'unreadable', why: `${name}: ${why}` };
  }
  return told(tally);
}

/**
 * What a gate printed, read as a report where it is one: TAP from its `TAP version` line on (a script runner may print
 * something first), or one JUnit document. `isWhole`: whether these are all of the bytes.
 */
export async function readPrinted(bytes: Uint8Array, isWhole: boolean): Promise<TestReport> {
  const text = textOf(bytes);
  const tap = /^TAP version 1[34][ \t]*\r?$/m.exec(text);
  const isJunit = /^\s*(?:<\?xml[^>]*>\s*)?<testsuites?[\s>/]/.test(text.slice(0, 4096));
  if (tap === null && !isJunit) return { kind: 'none' };
  if (!isWhole) return tooLong;
  const tally = new Tally();
  const why = await (tap === null || isJunit ? junit(text, tally) : tapIn(text.slice(tap.index), tally));
  return why === undefined ? told(tally) : { kind: 'unreadable', why: `what it printed: ${why}` };
}

const tooLong: TestReport = {
  kind: 'unreadable',
  why: `it is longer than ${String(LONGEST_REPORT / 1024 / 1024)} MiB`,
};

async function readOne(text: string, tally: Tally): Promise<string | undefined> {
  if (/^\s*</.test(text)) return junit(text, tally);
  return isTap(text) ? tapIn(text, tally) : 'it is neither JUnit XML nor TAP';
}

/** The parsers are loaded by the first report: 15 ms that no start should wait for. */
async function junit(text: string, tally: Tally): Promise<string | undefined> {
  const { readJunit } = await import('./junit.ts');
  return readJunit(text, tally);
}

async function tapIn(text: string, tally: Tally): Promise<string | undefined> {
  const { readTap } = await import('./tap.ts');
  return readTap(text, tally);
}

function isTap(text: string): boolean {
  return /^(?:TAP version 1[34]|(?:not )?ok\b|1\.\.\d+)/m.test(text.slice(0, 64 * 1024));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}

function told(tally: Tally): TestReport {
  return { kind: 'tests', tally: tally.told(), results: tally.results() };
}
