import { mkdir, rm } from 'node:fs/promises';
import type { Database, SqlJsStatic } from 'sql.js';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { readArchived, trackArchived } from './archive.ts';
import type { JobId } from '../domain/ids.ts';
import { attemptIo } from './ioError.ts';
import { createJournalFile, openJournalFile, realDisk, type Disk, type JournalFile } from './journalFile.ts';
import type { JournalRecord } from './journalText.ts';
import { parsePack } from './journalText.ts';
import { journalPath, newer, readJournals, setAside, type FoundJournal, type OpenError } from './journals.ts';
import { JobIndex, type Coverage } from './jobIndex.ts';
import type { JobStore } from './jobStore.ts';
import { Ledger } from './ledger.ts';
import { HAS_USAGE, migrate } from './migrations.ts';
import { countPastUsage } from './pastUsage.ts';
import { faultOf, loadSql, readSnapshot, snapshotPath } from './snapshot.ts';
import { SqliteStore } from './sqliteStore.ts';
import type { Vault } from './vault.ts';

export interface StoreOptions {
  /** The record: made (0700) where it is missing. The caller holds its lock. */
  readonly directory: string;
  /** The directory of sql-wasm.wasm. */
  readonly assets: string;
  /** Where the events of ended jobs go. */
  readonly vault: Vault;
  readonly log: Log;
  /** For tests that let the disk fail. */
  readonly disk?: Disk;
  /** The length of the journal in bytes at which a snapshot is made. */
  readonly compactAt?: number;
}

const COMPACT_AT = 8 * 1024 * 1024;

/** Opens the record: the last snapshot, then what the journal has after it. */
export async function openStore(options: StoreOptions): Promise<Result<JobStore, OpenError>> {
  const { directory, vault, log, disk = realDisk, compactAt = COMPACT_AT } = options;
  const made = await attemptIo(`make the directory ${directory}`, () =>
    mkdir(directory, { recursive: true, mode: 0o700 }),
  );
  if (!made.ok) return made;
  const swept = await vault.sweep();
  if (!swept.ok) return swept;

  const opened = await openIndex(options);
  if (!opened.ok) return opened;
  const { index, hasSnapshot, isOld } = opened.value;
  const recovered = await recover(options, index, hasSnapshot, disk);
  if (!recovered.ok) {
    index.close();
    return recovered;
  }
  const { ledger, file } = recovered.value;
  return ok(new SqliteStore({ directory, vault, log, disk, compactAt, index, ledger, file, isOld }));
}

interface Opened {
  readonly index: JobIndex;
  readonly hasSnapshot: boolean;
  /** Whether the totals of the snapshot's jobs had to be made. */
  readonly isOld: boolean;
}

/** The tables of the last snapshot, or empty ones, in the newest shape. */
async function openIndex(options: StoreOptions): Promise<Result<Opened, OpenError>> {
  const { directory, assets } = options;
  const path = snapshotPath(directory);
  const bytes = await readSnapshot(directory);
  if (!bytes.ok) return bytes;
  const sql = await loadSql(assets);
  if (!sql.ok) return sql;
  const database = openDatabase(sql.value, bytes.value);
  const fault = faultOf(() => database.exec('PRAGMA quick_check')[0]?.values[0]?.[0]);
  if (fault !== undefined) {
    database.close();
    return setAside(path, `is damaged (${fault})`);
  }
  const migrated = migrate(database);
  if (!migrated.ok) {
    database.close();
    return newer(path);
  }
  const index = new JobIndex(database);
  const hasSnapshot = bytes.value !== undefined;
  const isOld = hasSnapshot && migrated.value < HAS_USAGE;
  if (isOld) await countPast(options, index);
  return ok({ index, hasSnapshot, isOld });
}

/** Totals are no reason to refuse a record: what cannot be counted is said. */
async function countPast({ vault, log }: StoreOptions, index: JobIndex): Promise<void> {
  const { unread } = await countPastUsage(index, vault);
  if (unread > 0) log.write('warn', 'the usage of jobs whose events cannot be read does not count', { jobs: unread });
}

/** Durability is the journal's: these make the tables in memory 2.5 to 5 times as fast (measured). */
function openDatabase(sql: SqlJsStatic, bytes: Buffer | undefined): Database {
  const database = new sql.Database(bytes ?? null);
  faultOf(() =>
    database.exec(
      'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY',
    ),
  );
  return database;
}

interface Recovered {
  readonly ledger: Ledger;
  readonly file: JournalFile;
}

async function recover(
  options: StoreOptions,
  index: JobIndex,
  hasSnapshot: boolean,
  disk: Disk,
): Promise<Result<Recovered, OpenError>> {
  const { directory, log } = options;
  const { coverage } = index;
  const journals = await readJournals(directory);
  if (!journals.ok) return journals;
  const first = journals.value[0];
  if (!hasSnapshot && first !== undefined && first.generation > 1) return missing(directory, first.path);

  const ledger = new Ledger(coverage.lastSeq);
  const loaded = loadLines(ledger, index);
  if (!loaded) return setAside(snapshotPath(directory), 'has events that make no job');
  for (const journal of journals.value) {
    const { torn: bytes } = journal.text;
    if (bytes > 0) log.write('warn', 'cut off an event whose writing did not end', { journal: journal.path, bytes });
    const replayed = await replay(options, ledger, index, journal);
    if (!replayed.ok) return replayed;
  }
  const file = await currentFile(directory, journals.value, coverage, disk);
  if (!file.ok) return file;
  await removeCovered(journals.value, coverage, file.value);
  return ok({ ledger, file: file.value });
}

function missing(directory: string, path: string): Result<never, OpenError> {
  const message =
    `${path} continues the snapshot ${snapshotPath(directory)}, which does not go so far or is gone. Put the right one ` +
    `in its place, or move ${directory} away to begin a new record.`;
  return err({ kind: 'damaged', message });
}

/** Takes in the jobs that were not archived when the snapshot was made. */
function loadLines(ledger: Ledger, index: JobIndex): boolean {
  for (const { seq, lines } of index.lines()) {
    const tracked = trackArchived(seq, parsePack(lines) ?? []);
    if (tracked === undefined) return false;
    ledger.load({ ...tracked, archived: 0 });
  }
  return true;
}

async function replay(
  { directory, vault }: StoreOptions,
  ledger: Ledger,
  index: JobIndex,
  journal: FoundJournal,
): Promise<Result<void, OpenError>> {
  const { lastSeq } = index.coverage;
  for (const record of journal.text.records) {
    const { seq, jobId } = record.entry;
    if (seq <= lastSeq) continue;
    if (seq !== ledger.lastOnDisk + 1) return missing(directory, journal.path);
    if (!ledger.knows(jobId)) {
      const loaded = await callBack(ledger, index, vault, jobId);
      if (!loaded.ok) return loaded;
    }
    if (!applyRecord(ledger, record)) return setAside(journal.path, `has an event (${seq}) that its job does not take`);
  }
  return ok(undefined);
}

/** Loads a job whose events are archived, if it is one. */
async function callBack(ledger: Ledger, index: JobIndex, vault: Vault, jobId: JobId): Promise<Result<void, OpenError>> {
  const place = index.placeOf(jobId);
  if (place === undefined) return ok(undefined);
  const records = await readArchived(vault, place);
  if (!records.ok) return records;
  const tracked = trackArchived(place.seq, records.value);
  if (tracked !== undefined) ledger.load(tracked);
  return ok(undefined);
}

function applyRecord(ledger: Ledger, { entry, line }: JournalRecord): boolean {
  const step = ledger.step(entry.jobId, entry.event, entry.at);
  if (!step.ok) return false;
  ledger.apply(step.value, entry.event, entry.at);
  ledger.confirm(entry, step.value, line);
  return true;
}

/** Removes what the snapshot holds altogether: a rotation did not come so far. What cannot be removed does no harm. */
async function removeCovered(
  journals: readonly FoundJournal[],
  { lastSeq }: Coverage,
  file: JournalFile,
): Promise<void> {
  for (const { path, text } of journals) {
    const isCovered = (text.records.at(-1)?.entry.seq ?? 0) <= lastSeq;
    if (isCovered && path !== file.path) await rm(path, { force: true }).catch(() => undefined);
  }
}

/** The journal to go on with: the newest there is, unless the snapshot is newer still. */
async function currentFile(
  directory: string,
  journals: readonly FoundJournal[],
  { generation }: Coverage,
  disk: Disk,
): Promise<Result<JournalFile, OpenError>> {
  const newest = journals.at(-1);
  if (newest === undefined || newest.generation < generation) {
    return createJournalFile(journalPath(directory, generation), generation, disk);
  }
  return newest.text.generation === undefined
    ? createJournalFile(newest.path, newest.generation, disk)
    : openJournalFile(newest.path, newest.generation, newest.text.whole, disk);
}
