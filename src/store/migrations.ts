import type { Database } from 'sql.js';
import { err, ok, type Result } from '../base/result.ts';

/**
 * The shape of relay.sqlite, one step a version: `PRAGMA user_version` counts those that a file has had. A step that has
 * been released is never changed; a new shape is a new step.
 *
 * jobs: one slim row a job, its age as key; `pack_*` say where its lines are once it is archived. events: the lines of jobs
 * that were not archived when the snapshot was made. record: what the snapshot covers. usage: what ended attempts cost, a
 * row a UTC day and executor; NULL where no program told a figure.
 */
const migrations: readonly string[] = [
  `CREATE TABLE jobs (
     seq INTEGER PRIMARY KEY,
     job_id TEXT NOT NULL UNIQUE,
     state TEXT NOT NULL,
     state_version INTEGER NOT NULL,
     title TEXT NOT NULL,
     executor TEXT NOT NULL,
     baseline TEXT NOT NULL,
     priority TEXT NOT NULL,
     attempt INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     started_at INTEGER,
     finished_at INTEGER,
     reason_code TEXT,
     idempotency_key TEXT,
     spec_digest TEXT,
     pack_id INTEGER REFERENCES packs,
     pack_offset INTEGER,
     pack_length INTEGER,
     delivery TEXT,
     deleted INTEGER NOT NULL DEFAULT 0
   );
   CREATE INDEX jobs_listed ON jobs (seq) WHERE deleted = 0;
   CREATE INDEX jobs_by_state ON jobs (state, seq) WHERE deleted = 0;
   CREATE INDEX jobs_by_key ON jobs (idempotency_key, seq) WHERE idempotency_key IS NOT NULL;
   CREATE TABLE packs (pack_id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE);
   CREATE TABLE events (
     seq INTEGER PRIMARY KEY REFERENCES jobs,
     lines TEXT NOT NULL
   );
   CREATE TABLE record (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, last_seq INTEGER NOT NULL);
   INSERT INTO record VALUES (1, 1, 0);`,
  `CREATE TABLE usage (
     day TEXT NOT NULL,
     executor TEXT NOT NULL,
     attempts INTEGER NOT NULL,
     succeeded INTEGER NOT NULL,
     failed INTEGER NOT NULL,
     input_tokens INTEGER,
     cached_input_tokens INTEGER,
     output_tokens INTEGER,
     cost_micro_usd INTEGER,
     turns INTEGER,
     wall_ms INTEGER NOT NULL,
     PRIMARY KEY (day, executor)
   ) WITHOUT ROWID;`,
];

/** The version from which on a file has the totals of what its jobs cost. */
export const HAS_USAGE = 2;

/** Brings a database to the newest shape, and tells the version that it had. One that is newer is left as it is. */
export function migrate(database: Database): Result<number, { readonly kind: 'newer'; readonly version: number }> {
  const version = Number(database.exec('PRAGMA user_version')[0]?.values[0]?.[0] ?? 0);
  if (version > migrations.length) return err({ kind: 'newer', version });
  for (const [done, step] of migrations.entries()) {
    if (done >= version) database.exec(`BEGIN; ${step} PRAGMA user_version = ${done + 1}; COMMIT`);
  }
  return ok(version);
}
