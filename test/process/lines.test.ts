import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lines, LONGEST_LINE } from '../../src/process/lines.ts';

function linesOf(...chunks: readonly (string | Uint8Array)[]): string[] {
  const said: string[] = [];
  const lines = new Lines((text) => said.push(text));
  for (const chunk of chunks) lines.take(Buffer.from(chunk));
  lines.end();
  return said;
}

describe('Lines', () => {
  it('tells each line as it is complete, and the last one at the end', () => {
    expect(linesOf('one\ntw', 'o\n', '\nlast')).toEqual(['one', 'two', '', 'last']);
    expect(linesOf('one\n')).toEqual(['one']);
    expect(linesOf('', '')).toEqual([]);
  });

  it('takes \\r\\n as the end of a line, also across chunks, and leaves other bytes be', () => {
    expect(linesOf('a\r', '\nb\rc\r\n\u001b[31mred\u001b[0m\n')).toEqual(['a', 'b\rc', '\u001b[31mred\u001b[0m']);
  });

  it('does not depend on how the bytes were cut', () => {
    const text = fc.array(fc.constantFrom('a', 'é', '😀', '\n', '\r\n', ' '), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 10 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(linesOf(...chunks)).toEqual(linesOf(bytes));
        const whole = parts.join('').split(/\r?\n/);
        expect(linesOf(bytes)).toEqual(whole.at(-1) === '' ? whole.slice(0, -1) : whole);
      }),
    );
  });

  it('shows bytes that are no UTF-8', () => {
    expect(linesOf(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]))).toEqual(['a\ufffd\ufffdb']);
  });

  it('cuts a long line with a note, between two characters', () => {
    const [line, next] = linesOf(`x${'é'.repeat(LONGEST_LINE)}`, 'more\nnext\n');
    const kept = (LONGEST_LINE - 2) / 2;
    expect(line).toBe(`x${'é'.repeat(kept)} … (${LONGEST_LINE * 2 + 5 - LONGEST_LINE} more bytes in this line)`);
    expect(next).toBe('next');
  });

  it('leaves a line of the greatest length whole', () => {
    expect(linesOf(`${'x'.repeat(LONGEST_LINE)}\n`)).toEqual(['x'.repeat(LONGEST_LINE)]);
  });
});
