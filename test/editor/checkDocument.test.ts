import fc from 'fast-check';
import { expect, it } from 'vitest';
import { err, ok, type Result } from '../../src/base/result.ts';
import type { Check } from '../../src/domain/artifact.ts';
import { Digest } from '../../src/domain/ids.ts';
import { checkDocument } from '../../src/editor/checkDocument.ts';
import type { Slice } from '../../src/protocol/jobView.ts';
import { relayError, type RelayError } from '../../src/protocol/relayError.ts';

const gate: Check = { name: 'gate', verdict: 'fail', durationMs: 12 };

/** The document of a gate that printed this. */
async function shown(output: Buffer, check = gate): Promise<string> {
  const read = (offset: number, maxBytes: number): Promise<Result<Slice, RelayError>> =>
    Promise.resolve(
      ok({
        base64: output.subarray(offset, offset + maxBytes).toString('base64'),
        offset,
        totalBytes: output.length,
      }),
    );
  return checkDocument({ ...check, output: { digest: Digest.parse('0'.repeat(64)), bytes: output.length } }, read);
}

it('shows verdict, label, what was run, tests and output', async () => {
  const check: Check = {
    ...gate,
    label: 'regressed',
    run: 'npm test',
    exitCode: 1,
    detail: 'exit 1 twice on the result; exit 0 on the baseline',
    tests: { passed: 3, failed: 3, skipped: 1, failures: [{ name: 'a > b', message: 'one\ntwo' }, { name: 'c' }] },
  };
  expect(await shown(Buffer.from('=== on the result\n'), check)).toBe(
    [
      'fail · regressed\n$ npm test\nexit code 1\ntook 12 ms\n',
      'exit 1 twice on the result; exit 0 on the baseline\n',
      'tests: 3 passed, 3 failed, 1 skipped\n✗ a > b\n    one\n    two\n✗ c\n… and 1 more\n',
      'output (18 bytes)\n',
      '=== on the result\n\n',
    ].join('\n'),
  );
});

it('of a check without output is what came of it', async () => {
  const nothing = (): never => {
    throw new Error('there is nothing to read');
  };
  expect(await checkDocument({ ...gate, detail: 'why' }, nothing)).toBe('fail\ntook 12 ms\n\nwhy\n');
});

it('says where the output cannot be read', async () => {
  const check = { ...gate, output: { digest: Digest.parse('0'.repeat(64)), bytes: 5 } };
  const lost = (): Promise<Result<Slice, RelayError>> => Promise.resolve(err(relayError('io', 'the disk is gone')));
  expect(await checkDocument(check, lost)).toContain('[the disk is gone]');
});

it('cuts at 64 KiB, between lines, and says how much is left out', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 80 }).map((text) => text.replaceAll('\n', ' '));
  const lines = fc.array(line, { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 400 }), async (some, times) => {
      const output = Buffer.from(`${some.join('\n')}\n`.repeat(times));
      const text = await shown(output);
      const [, said = ''] = /^output \(\d+ bytes\)\n\n([^]*)\n$/m.exec(text) ?? [];
      const cut = /\n\[(\d+) bytes are left out here: "task-relay check" prints them all\]\n\n/.exec(said);
      if (cut === null) {
        expect(said).toBe(output.toString());
        return;
      }
      expect(output.length).toBeGreaterThan(64 * 1024);
      const [head, tail] = [said.slice(0, cut.index), said.slice(cut.index + cut[0].length)];
      expect(output.toString().startsWith(head)).toBe(true);
      expect(output.toString().endsWith(tail)).toBe(true);
      expect(Buffer.byteLength(head) + Number(cut[1]) + Buffer.byteLength(tail)).toBe(output.length);
    }),
  );
});
