import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Result } from '../../src/base/result.ts';
import type { IoError } from '../../src/store/ioError.ts';
import { Journal } from '../../src/store/journal.ts';
import { createJournalFile, type JournalFile } from '../../src/store/journalFile.ts';
import { parseJournal } from '../../src/store/journalText.ts';
import { encodeLine } from '../../src/store/line.ts';
import { FlakyDisk } from './flakyDisk.ts';
import { inDirectory, valueOf } from './record.ts';

type Outcome = Result<void, IoError>;

interface Bench {
  readonly disk: FlakyDisk;
  readonly journal: Journal;
  readonly file: JournalFile;
  readonly append: (n: number) => Promise<Outcome>;
  /** What a reader finds in the file, and its whole length. */
  readonly read: () => Promise<{ readonly seqs: readonly number[]; readonly torn: number }>;
}

function withJournal(run: (bench: Bench) => Promise<void>): Promise<void> {
  return inDirectory(async (directory) => {
    const disk = new FlakyDisk();
    const path = join(directory, 'journal-1');
    const file = valueOf(await createJournalFile(path, 1, disk));
    const journal = new Journal(file, { onWriting: () => undefined, onDown: () => undefined });
    Object.assign(disk.calls, { write: 0, sync: 0, truncate: 0 });
    const append = (n: number): Promise<Outcome> =>
      new Promise((resolve) => journal.append(encodeLine({ seq: n }), resolve));
    const read = async () => {
      const { records, torn } = valueOf(asMessage(parseJournal(await readFile(path))));
      return { seqs: records.map(({ entry }) => entry.seq), torn };
    };
    try {
      await run({ disk, journal, file, append, read });
    } finally {
      await journal.file.close();
    }
  });
}

function asMessage<T>(result: Result<T, { readonly kind: string }>): Result<T, { kind: string; message: string }> {
  return result.ok ? result : { ok: false, error: { kind: result.error.kind, message: 'unreadable' } };
}

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, index) => index + 1);

describe('group commit', () => {
  it('writes the lines of one turn together, and those that come meanwhile with the next', () =>
    withJournal(async ({ disk, append, read }) => {
      let open = (): void => undefined;
      disk.gate = new Promise((resolve) => (open = resolve));
      const first = upTo(3).map(append);
      await new Promise((resolve) => setImmediate(resolve));
      expect(disk.calls.write).toBe(1);
      const second = [4, 5, 6, 7].map(append);
      open();
      await Promise.all([...first, ...second]);
      expect(disk.calls).toMatchObject({ write: 2, sync: 2 });
      expect(await read()).toEqual({ seqs: upTo(7), torn: 0 });
    }));

  it('tells the callers in the order of their lines', () =>
    withJournal(async ({ append }) => {
      const told: number[] = [];
      await Promise.all(upTo(50).map((n) => append(n).then(() => told.push(n))));
      expect(told).toEqual(upTo(50));
    }));

  it('goes on where a write was short', () =>
    withJournal(async ({ disk, append, read }) => {
      disk.most = 7;
      expect(await Promise.all(upTo(9).map(append))).toEqual(upTo(9).map(() => ({ ok: true, value: undefined })));
      expect(await read()).toEqual({ seqs: upTo(9), torn: 0 });
    }));
});

describe('a disk that fails', () => {
  for (const call of ['write', 'sync'] as const) {
    it(`in ${call}: the wave and those behind it are told, and nothing of them stays`, () =>
      withJournal(async ({ disk, append, read }) => {
        await append(1);
        disk.fail[call].push('ENOSPC');
        disk.leftovers = 11;
        const outcomes = Promise.all([2, 3].map(append));
        await new Promise((resolve) => setImmediate(resolve));
        const behind = append(4);
        const kinds = [...(await outcomes), await behind].map((outcome) => (outcome.ok ? 'ok' : outcome.error.kind));
        expect(kinds.slice(0, 2)).toEqual(['io', 'io']);
        expect(await read()).toEqual({ seqs: kinds[2] === 'ok' ? [1, 4] : [1], torn: 0 });
        expect(await append(5)).toMatchObject({ ok: true });
        expect((await read()).seqs.at(-1)).toBe(5);
      }));
  }

  it('fails those behind a wave that is on its way', () =>
    withJournal(async ({ disk, append, read }) => {
      let open = (): void => undefined;
      disk.gate = new Promise((resolve) => (open = resolve));
      const first = append(1);
      await new Promise((resolve) => setImmediate(resolve));
      expect(disk.calls.write).toBe(1);
      disk.fail.write.push('EIO');
      const behind = [append(2), append(3)];
      open();
      expect((await Promise.all([first, ...behind])).map(({ ok }) => ok)).toEqual([false, false, false]);
      expect(disk.calls.write).toBe(1);
      expect(await read()).toEqual({ seqs: [], torn: 0 });
    }));

  it('is cut before the next write where it could not be cut at once', () =>
    withJournal(async ({ disk, append, read, file }) => {
      await append(1);
      disk.leftovers = 30;
      disk.fail.write.push('EIO');
      disk.fail.truncate.push('EIO', 'EIO');
      // Longer than the next line, which would otherwise cover what is left of it.
      expect(await append(2e15)).toMatchObject({ ok: false, error: { kind: 'io' } });
      expect((await read()).torn).toBe(30);
      expect(await file.clean()).toMatchObject({ ok: false, error: { kind: 'io' } });
      expect(await append(3)).toMatchObject({ ok: true });
      expect(await read()).toEqual({ seqs: [1, 3], torn: 0 });
    }));

  it('that takes no byte is an error, not a loop', () =>
    withJournal(async ({ disk, append }) => {
      disk.most = 0;
      expect(await append(1)).toMatchObject({ ok: false, error: { kind: 'io' } });
    }));
});

describe('a turn', () => {
  it('stands between two waves, and lines that come meanwhile go to the new file', () =>
    withJournal(async ({ disk, journal, append, read, file }) => {
      const before = append(1);
      const path = join(file.path, '..', 'journal-2');
      let during: Promise<Outcome> | undefined;
      const turned = journal.turn(async (old) => {
        expect(old).toBe(file);
        during = append(2);
        const next = await createJournalFile(path, 2, disk);
        await file.close();
        return next;
      });
      expect(await turned).toMatchObject({ ok: true });
      expect([await before, await during]).toMatchObject([{ ok: true }, { ok: true }]);
      const seqs = [...(await read()).seqs];
      const next = valueOf(asMessage(parseJournal(await readFile(path))));
      expect(next.generation).toBe(2);
      expect([...seqs, ...next.records.map(({ entry }) => entry.seq)]).toEqual([1, 2]);
      expect(next.records.at(-1)?.entry.seq).toBe(2);
    }));

  it('that fails leaves the file as it was', () =>
    withJournal(async ({ journal, append, read, file }) => {
      const turned = await journal.turn(() => Promise.resolve({ ok: false, error: 'no' } as const));
      expect(turned).toEqual({ ok: false, error: 'no' });
      await append(1);
      expect(journal.file).toBe(file);
      expect((await read()).seqs).toEqual([1]);
    }));
});
