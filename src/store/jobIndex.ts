import type { Database, Statement } from 'sql.js';
import type { Charge } from '../domain/charge.ts';
import { JobId, type Digest } from '../domain/ids.ts';
import type { ListQuery } from './jobStore.ts';
import type { Tracked } from './ledger.ts';
import {
  decodeKey,
  decodePlace,
  decodeRow,
  encodeRow,
  rowColumns,
  type ArchivePlace,
  type JobRow,
  type KeyRow,
  type SqlRow,
  type SqlValue,
} from './rows.ts';
import { ADD_CHARGE, decodeUsage, encodeCharge, SELECT_USAGE, type UsageQuery, type UsageRow } from './usageTable.ts';

/** What a snapshot covers: all events up to `lastSeq`; the journal of `generation` goes on from there. */
export interface Coverage {
  readonly generation: number;
  readonly lastSeq: number;
}

const UPSERT = `INSERT INTO jobs (${rowColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (seq) DO UPDATE SET state = excluded.state, executor = excluded.executor, state_version = excluded.state_version,
  attempt = excluded.attempt, started_at = excluded.started_at, finished_at = excluded.finished_at,
  reason_code = excluded.reason_code, delivery = excluded.delivery, deleted = excluded.deleted`;

/** The tables in sql.js. They are told of what is on disk and of nothing else, so that they may be written out at any time. */
export class JobIndex {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  /** The jobs that have a row in `events`, with how many lines were written to it since this was made. */
  readonly #saved = new Map<number, number>();

  /** Of a database that has the newest shape. */
  constructor(database: Database) {
    this.#database = database;
    for (const row of this.#all('SELECT seq FROM events', [])) this.#saved.set(Number(row['seq']), 0);
  }

  /** `charges` are added to what is there: each must come once. */
  put(changed: readonly Tracked[], charges: readonly Charge[]): void {
    if (changed.length === 0 && charges.length === 0) return;
    const upsert = this.#prepared(UPSERT);
    const add = this.#prepared(ADD_CHARGE);
    this.#together(() => {
      for (const { seq, job } of changed) upsert.run(encodeRow(seq, job));
      for (const charge of charges) add.run(encodeCharge(charge));
    });
  }

  /** By day, then executor. */
  usage({ since = '', until = '\u{10ffff}' }: UsageQuery): readonly UsageRow[] {
    return this.#all(SELECT_USAGE, [since, until]).map(decodeUsage);
  }

  list(query: ListQuery): { readonly rows: readonly JobRow[]; readonly total: number } {
    const open = query.undelivered === true ? ` AND delivery IN ('none', 'undone')` : '';
    const where = `WHERE deleted = 0${query.state === undefined ? '' : ' AND state = ?'}${open}`;
    const state = query.state === undefined ? [] : [query.state];
    const page = `SELECT ${rowColumns} FROM jobs ${where} ORDER BY seq DESC LIMIT ? OFFSET ?`;
    const total = Number(this.#all(`SELECT count(*) AS total FROM jobs ${where}`, state)[0]?.['total']);
    return { rows: this.#all(page, [...state, query.limit, query.offset]).map(decodeRow), total };
  }

  find(prefix: string): readonly JobId[] {
    const rows = this.#all(
      'SELECT job_id FROM jobs WHERE deleted = 0 AND job_id >= ? AND job_id < ? ORDER BY job_id LIMIT 2',
      [prefix, `${prefix}\u{10ffff}`],
    );
    return rows.map((row) => JobId.parse(row['job_id']));
  }

  byKey(key: string): KeyRow | undefined {
    const sql = `SELECT seq, job_id, spec_digest, finished_at FROM jobs WHERE idempotency_key = ? ORDER BY seq DESC LIMIT 1`;
    const row = this.#all(sql, [key])[0];
    return row === undefined ? undefined : decodeKey(row);
  }

  /** Where an archived job's lines are. In two steps, because each submit asks for a job that is not there. */
  placeOf(jobId: JobId): (ArchivePlace & { readonly seq: number }) | undefined {
    const sql = 'SELECT seq, pack_id, pack_offset, pack_length FROM jobs WHERE job_id = ?';
    const row = this.#all(sql, [jobId])[0];
    const packId = row?.['pack_id'] ?? null;
    if (row === undefined || packId === null) return undefined;
    const pack = this.#all('SELECT digest AS pack FROM packs WHERE pack_id = ?', [packId])[0];
    return decodePlace({ ...row, ...pack });
  }

  /** Where the lines of every job are that has none in `events`. */
  places(): readonly ArchivePlace[] {
    const sql = `SELECT seq, digest AS pack, pack_offset, pack_length FROM jobs JOIN packs USING (pack_id)
      WHERE seq NOT IN (SELECT seq FROM events) ORDER BY pack_id, pack_offset`;
    return this.#all(sql, []).map(decodePlace);
  }

  /** Notes that the lines of these jobs are in a pack now. */
  archive(
    pack: Digest,
    jobs: readonly { readonly seq: number; readonly offset: number; readonly length: number }[],
  ): void {
    this.#together(() => {
      this.#prepared('INSERT OR IGNORE INTO packs (digest) VALUES (?)').run([pack]);
      const place = this.#prepared(
        `UPDATE jobs SET pack_id = (SELECT pack_id FROM packs WHERE digest = ?), pack_offset = ?, pack_length = ? WHERE seq = ?`,
      );
      for (const { seq, offset, length } of jobs) place.run([pack, offset, length, seq]);
    });
  }

  /** Makes `events` hold all lines of these jobs. */
  saveLines(jobs: readonly Tracked[]): void {
    const save = this.#prepared('INSERT OR REPLACE INTO events (seq, lines) VALUES (?, ?)');
    this.#together(() => {
      for (const { seq, lines } of jobs) {
        if ((this.#saved.get(seq) ?? 0) >= lines.length) continue;
        save.run([seq, textOf(lines)]);
        this.#saved.set(seq, lines.length);
      }
    });
  }

  /** Makes `events` hold the lines of these jobs and of no others. */
  keepLines(jobs: readonly Tracked[]): void {
    const kept = new Set(jobs.map(({ seq }) => seq));
    const remove = this.#prepared('DELETE FROM events WHERE seq = ?');
    this.#together(() => {
      for (const seq of this.#saved.keys()) {
        if (kept.has(seq)) continue;
        remove.run([seq]);
        this.#saved.delete(seq);
      }
    });
    this.saveLines(jobs);
  }

  /** What `events` holds, oldest job first: each job's lines as one text. */
  lines(): readonly { readonly seq: number; readonly lines: Buffer }[] {
    return this.#all('SELECT seq, lines FROM events ORDER BY seq', []).map((row) => ({
      seq: Number(row['seq']),
      lines: Buffer.from(String(row['lines'])),
    }));
  }

  get coverage(): Coverage {
    const row = this.#all('SELECT generation, last_seq FROM record', [])[0];
    return { generation: Number(row?.['generation']), lastSeq: Number(row?.['last_seq']) };
  }

  /** The database as a file that says what it covers. */
  export({ generation, lastSeq }: Coverage): Uint8Array {
    this.#prepared('UPDATE record SET generation = ?, last_seq = ?').run([generation, lastSeq]);
    const pages = Number(this.#all('PRAGMA page_count', [])[0]?.['page_count']);
    const free = Number(this.#all('PRAGMA freelist_count', [])[0]?.['freelist_count']);
    if (free * 2 > pages) this.#database.run('VACUUM');
    return this.#database.export();
  }

  close(): void {
    this.#database.close();
  }

  #together(change: () => void): void {
    this.#prepared('BEGIN').run();
    change();
    this.#prepared('COMMIT').run();
  }

  #all(sql: string, values: SqlValue[]): readonly SqlRow[] {
    const statement = this.#prepared(sql);
    statement.bind(values);
    const rows: SqlRow[] = [];
    let names: readonly string[] | undefined;
    while (statement.step()) {
      names ??= statement.getColumnNames();
      rows.push(asRow(names, statement.get()));
    }
    statement.reset();
    return rows;
  }

  #prepared(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

function textOf(lines: readonly Buffer[]): string {
  return lines.map((line) => line.toString('utf8')).join('');
}

/** What `getAsObject` gives, without asking for the names again at each row. */
function asRow(names: readonly string[], values: readonly SqlValue[]): SqlRow {
  return Object.fromEntries(names.map((name, column) => [name, values[column] ?? null]));
}
