import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newJobId } from '../../src/domain/ids.ts';
import { journalHeader, parseJournal } from '../../src/store/journalText.ts';
import { decodeLine, encodeLine } from '../../src/store/line.ts';
import { leased, submitted } from './events.ts';

const jobId = newJobId();
const records = [
  encodeLine({ seq: 1, at: 1, jobId, event: submitted({ title: 'naïve 🦉 "quoted"\n' }) }),
  encodeLine({ seq: 2, at: 2, jobId, event: leased() }),
  encodeLine({ seq: 3, at: 3, jobId, event: { type: 'expired' } }),
];
const whole = Buffer.concat([journalHeader(7), ...records]);
const last = whole.length - (records[2]?.length ?? 0);

function seqs(bytes: Buffer): readonly number[] | string {
  const parsed = parseJournal(bytes);
  return parsed.ok ? parsed.value.records.map(({ entry }) => entry.seq) : parsed.error.kind;
}

describe('a line', () => {
  it('gives back any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const line = encodeLine({ value });
        expect(line.at(-1)).toBe(0x0a);
        expect(decodeLine(line.subarray(0, -1))).toEqual(JSON.parse(JSON.stringify({ value })));
      }),
    );
  });

  it('carries the CRC-32 of its JSON, which other programs can check', () => {
    expect(encodeLine({ a: 1 }).toString()).toBe('561bacaf {"a":1}\n');
  });
});

describe('a journal', () => {
  it('is read whole, with its generation', () => {
    expect(parseJournal(whole)).toMatchObject({ ok: true, value: { generation: 7, whole: whole.length, torn: 0 } });
    expect(seqs(whole)).toEqual([1, 2, 3]);
  });

  it('loses its last record and nothing else, wherever the writing of that stopped', () => {
    for (let end = last; end < whole.length; end++) {
      expect(seqs(whole.subarray(0, end)), `cut at ${end}`).toEqual([1, 2]);
      const parsed = parseJournal(whole.subarray(0, end));
      expect(parsed).toMatchObject({ ok: true, value: { whole: last, torn: end - last } });
    }
  });

  it('may have been cut in its making', () => {
    const header = journalHeader(7);
    for (let end = 0; end < header.length; end++) {
      expect(parseJournal(whole.subarray(0, end))).toMatchObject({
        ok: true,
        value: { generation: undefined, records: [] },
      });
    }
  });

  it('never passes over a flipped bit that has a valid record after it', () => {
    for (let at = 0; at < last; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(whole);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(seqs(flipped), `bit ${bit} of byte ${at}`).toBe('damaged');
      }
    }
  });

  it('never shows a flipped bit of the last record as that record', () => {
    for (let at = last; at < whole.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(whole);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        // Without its newline a whole record is no torn one: nothing was cut there.
        expect(seqs(flipped)).toEqual(at === whole.length - 1 ? 'damaged' : [1, 2]);
      }
    }
  });

  it('is left alone when a newer program wrote it', () => {
    const header = encodeLine({ journal: 1, generation: 1, schema: 2 });
    expect(seqs(Buffer.concat([header, ...records]))).toBe('newer');
    expect(seqs(Buffer.concat([encodeLine({ journal: 2, generation: 1, schema: 1 }), ...records]))).toBe('newer');
  });

  it('is damaged when it has no header', () => {
    expect(seqs(Buffer.concat(records))).toBe('damaged');
  });
});
