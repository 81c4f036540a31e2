import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatCassette, parseCassette } from '../../src/domain/cassette.ts';

const head = { cassette: 1, executor: 'codex', version: '1', mode: 'read-only' } as const;
const stream = [
  { at: 0, stream: 'stdout', text: 'one' },
  { at: 3, exit: { kind: 'exited', exitCode: 0 } },
  { cut: 99 },
  { at: 5, stream: 'stderr', text: 'two' },
  { at: 6, exit: { kind: 'signaled', signal: 'SIGTERM' } },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

describe('a cassette', () => {
  it('is read as it was written, one run after the other', () => {
    const made = { patch: Buffer.from([0, 255]).toString('base64'), summary: 's', usage: { turns: 1 } };
    expect(parseCassette(formatCassette(head, stream, made))).toEqual({
      ok: true,
      value: {
        head,
        made,
        runs: [
          { lines: [{ at: 0, stream: 'stdout', text: 'one' }], exit: { kind: 'exited', exitCode: 0 } },
          { lines: [{ at: 5, stream: 'stderr', text: 'two' }], exit: { kind: 'signaled', signal: 'SIGTERM' } },
        ],
      },
    });
  });

  it('of a job whose executor printed nothing has a patch alone', () => {
    expect(parseCassette(formatCassette(head, '', { patch: '' }))).toMatchObject({ ok: true, value: { runs: [] } });
  });

  it.each([
    ['', /first line/],
    ['{"cassette":2,"executor":"x"}\n', /first line/],
    [`${JSON.stringify(head)}\nno\n`, /^Line 2 /],
    [`${JSON.stringify(head)}\n{"at":1,"stream":"stdout","text":""}\n`, /middle of a run/],
  ])('that is none says where: %j', (text, message) => {
    expect(parseCassette(text)).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(message) as string },
    });
  });

  it('is what the recordings of the real programs are', () => {
    const folder = join(import.meta.dirname, '../executors/cassettes');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      expect(parseCassette(readFileSync(join(folder, file), 'utf8'))).toMatchObject({
        ok: true,
        value: { runs: [{}] },
      });
    }
  });
});
