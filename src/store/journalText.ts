import * as z from 'zod';
import { err, ok, type Result } from '../base/result.ts';
import type { JournalEntry } from '../domain/event.ts';
import { decodeLine, encodeLine, hidesRecord } from './line.ts';

/** The version of the lines' own form, and of the events in them. A file with a higher one is left alone. */
const FORMAT = 1;
const EVENT_SCHEMA = 1;

const Header = z.object({ journal: z.int(), generation: z.int().min(1), schema: z.int() });

/** A journal as it was read. `whole` is the length in bytes of what is valid, `torn` that of a broken last line. */
export interface JournalText {
  /** undefined: the file's making was cut short, and nothing was ever written to it. */
  readonly generation: number | undefined;
  readonly records: readonly JournalRecord[];
  readonly whole: number;
  readonly torn: number;
}

export interface JournalRecord {
  readonly entry: JournalEntry;
  /** As it stands in the file, with its newline. */
  readonly line: Buffer;
}

export type UnreadableJournal =
  { readonly kind: 'damaged'; readonly at: number } | { readonly kind: 'newer'; readonly version: number };

export function journalHeader(generation: number): Buffer {
  return encodeLine({ journal: FORMAT, generation, schema: EVENT_SCHEMA });
}

const NEWLINE = 0x0a;

/** Reads a whole journal. Only its last line may be broken, by a write that did not end; `damaged` gives the offset of any other. */
export function parseJournal(bytes: Buffer): Result<JournalText, UnreadableJournal> {
  let generation: number | undefined;
  const records: JournalRecord[] = [];
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const line = bytes.subarray(start, end);
    const value = newline === -1 ? undefined : decodeLine(line);
    if (value === undefined) {
      const isLast = newline === -1 || newline === bytes.length - 1;
      return isLast && !hidesRecord(line)
        ? ok({ generation, records, whole: start, torn: bytes.length - start })
        : damaged(start);
    }
    if (generation === undefined) {
      const header = Header.safeParse(value);
      if (!header.success) return damaged(start);
      const newest = Math.max(header.data.journal - FORMAT, header.data.schema - EVENT_SCHEMA);
      if (newest > 0) return err({ kind: 'newer', version: Math.max(header.data.journal, header.data.schema) });
      generation = header.data.generation;
    } else {
      records.push({ entry: asEntry(value), line: bytes.subarray(start, end + 1) });
    }
    start = end + 1;
  }
  return ok({ generation, records, whole: start, torn: 0 });
}

/** A pack of archived lines: the same records without a header. undefined where one is broken. */
export function parsePack(bytes: Buffer): readonly JournalRecord[] | undefined {
  const records: JournalRecord[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const line = newline === -1 ? bytes.subarray(start) : bytes.subarray(start, newline);
    const value = newline === -1 ? undefined : decodeLine(line);
    if (value === undefined) return undefined;
    records.push({ entry: asEntry(value), line: bytes.subarray(start, newline + 1) });
    start = newline + 1;
  }
  return records;
}

/** The checksum says that these are the bytes that this program wrote, from a typed value. */
function asEntry(value: unknown): JournalEntry {
  return value as JournalEntry;
}

function damaged(at: number): Result<never, UnreadableJournal> {
  return err({ kind: 'damaged', at });
}
