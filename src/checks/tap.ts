import { Parser, type FinalResults, type Result } from 'tap-parser';
import * as z from 'zod';
import { messageOf } from '../base/result.ts';
import type { Tally } from './tally.ts';

/** A line past this is cut, and one indented deeper than 64 subtests is passed over. */
const LONGEST_LINE = 8192;
const DEEPEST_INDENT = 256;
/** Diagnoses that are read, of the tests that failed first: YAML costs more than all else. */
const READ_DIAGNOSES = 50;

/** What runners write below a test that failed: node:test's `error`, tap's and others' `message`. */
const Diagnosis = z.looseObject({ message: z.string().optional(), error: z.string().optional() });

/**
 * Reads TAP 13 or 14 with subtests. A test with subtests counts by them; `skip` and `todo` count as skipped. Tells why it
 * cannot be read.
 */
export function readTap(text: string, tally: Tally): string | undefined {
  try {
    const parser = new Parser();
    listen(parser, tally);
    parser.on('bailout', (reason: string) => tally.fail('Bail out!', reason));
    parser.on('complete', ({ failures }: FinalResults) => {
      for (const failure of failures) if (!('id' in failure)) tally.fail(`(${failure.tapError})`);
    });
    for (const line of linesOf(text)) parser.write(line);
    parser.end();
    return undefined;
  } catch (thrown) {
    return `it is no TAP that can be read (${messageOf(thrown)})`;
  }
}

function listen(parser: Parser, tally: Tally): void {
  let child: Parser | undefined;
  parser.on('child', (subtests: Parser) => {
    child = subtests;
    listen(subtests, tally);
  });
  parser.on('assert', (result: Result) => {
    const below = result.closingTestPoint ? child : undefined;
    child = undefined;
    // Its subtests were counted, unless it failed by itself: a hook, or a plan that was not kept.
    if (below !== undefined && below.count > 0 && (result.ok || below.fail > 0)) return;
    count(result, tally);
  });
}

function count(result: Result, tally: Tally): void {
  if (result.skip !== false || result.todo !== false) tally.skip();
  else if (result.ok) tally.pass();
  else tally.fail(result.fullname === '' ? `#${String(result.id)}` : result.fullname, messageIn(result.diag));
}

function messageIn(diagnosis: unknown): string | undefined {
  const read = Diagnosis.safeParse(diagnosis);
  return read.success ? (read.data.message ?? read.data.error) : undefined;
}

/** The lines that the parser is to see: without the diagnoses of tests that passed, and of failures past the first ones. */
function* linesOf(text: string): Generator<string> {
  let isFailure = false;
  let left = READ_DIAGNOSES;
  let end: string | undefined;
  let isRead = false;
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline;
    // The parser takes these for ends of lines in one place, and not in another.
    const line = text
      .slice(from, Math.min(to, from + LONGEST_LINE))
      .replace(/\r$/, '')
      .replace(/[\r\u2028\u2029]/g, ' ');
    from = to + 1;
    const indent = line.length - line.trimStart().length;
    const said = line.slice(indent).trimEnd();
    if (indent > DEEPEST_INDENT) continue;
    // One that nothing ends is over where its indentation is.
    if (end !== undefined && said !== '' && !line.startsWith(end)) end = undefined;
    if (end === undefined && said === '---' && indent > 0) {
      end = line.slice(0, indent);
      isRead = isFailure && left-- > 0;
    }
    if (end === undefined || isRead) yield `${line}\n`;
    if (end !== undefined && said === '...' && line.startsWith(end) && indent === end.length) end = undefined;
    if (end === undefined && said !== '' && said !== '...') isFailure = said.startsWith('not ok');
  }
}
