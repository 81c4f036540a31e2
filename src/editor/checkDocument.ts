import type { Result } from '../base/result.ts';
import type { Check } from '../domain/artifact.ts';
import type { Slice } from '../protocol/jobView.ts';
import type { RelayError } from '../protocol/relayError.ts';

/** Bytes of the output that a document shows, from its beginning and from its end. */
const HEAD_BYTES = 48 * 1024;
const TAIL_BYTES = 16 * 1024;

type ReadOutput = (offset: number, maxBytes: number) => Promise<Result<Slice, RelayError>>;

/** A check as a text for people: what came of it, what was run, its tests, and what was printed, cut at 64 KiB. */
export async function checkDocument(check: Check, read: ReadOutput): Promise<string> {
  const { verdict, label, run, exitCode, tests, detail, output } = check;
  const facts = [
    label === undefined ? verdict : `${verdict} · ${label}`,
    ...(run === undefined ? [] : [`$ ${run}`]),
    ...(exitCode === undefined ? [] : [`exit code ${String(exitCode)}`]),
    `took ${String(check.durationMs)} ms`,
  ];
  // What it printed last, which a detail may end with, is below.
  const came = output === undefined ? detail : detail?.split('\n')[0];
  const parts = [facts.join('\n'), ...(came === undefined ? [] : [came])];
  if (tests !== undefined) parts.push(testsText(tests));
  if (output !== undefined) parts.push(await outputText(output.bytes, read));
  return `${parts.join('\n\n')}\n`;
}

function testsText({ passed, failed, skipped, failures }: NonNullable<Check['tests']>): string {
  const more = failed > failures.length ? [`… and ${String(failed - failures.length)} more`] : [];
  return [
    `tests: ${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`,
    ...failures.map(({ name, message }) =>
      message === undefined ? `✗ ${name}` : `✗ ${name}\n    ${message.replaceAll('\n', '\n    ')}`,
    ),
    ...more,
  ].join('\n');
}

async function outputText(total: number, read: ReadOutput): Promise<string> {
  const heading = `output (${String(total)} bytes)`;
  if (total <= HEAD_BYTES + TAIL_BYTES) return `${heading}\n\n${await part(read, 0, HEAD_BYTES + TAIL_BYTES)}`;
  // Whole lines, so that no character is cut.
  const head = (await part(read, 0, HEAD_BYTES)).replace(/[^\n]*$/, '');
  const tail = (await part(read, total - TAIL_BYTES, TAIL_BYTES)).replace(/^[^\n]*\n/, '');
  const left = total - Buffer.byteLength(head) - Buffer.byteLength(tail);
  return `${heading}\n\n${head}\n[${String(left)} bytes are left out here: "task-relay check" prints them all]\n\n${tail}`;
}

async function part(read: ReadOutput, offset: number, maxBytes: number): Promise<string> {
  const slice = await read(offset, maxBytes);
  return slice.ok ? Buffer.from(slice.value.base64, 'base64').toString('utf8') : `[${slice.error.message}]\n`;
}
