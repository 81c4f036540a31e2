import { copyFile, cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import initSqlJs from 'sql.js';
import { describe, expect, it } from 'vitest';
import type { LogLevel } from '../../src/base/log.ts';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import type { Job } from '../../src/domain/job.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import { journalHeader } from '../../src/store/journalText.ts';
import { encodeLine } from '../../src/store/line.ts';
import { leased, submitted, succeeded } from './events.ts';
import { inDirectory, openRecord, tryOpen, valueOf } from './record.ts';

/** Two jobs that have ended and one that runs. */
async function fill(store: JobStore): Promise<readonly JobId[]> {
  const ids = [newJobId(), newJobId(), newJobId()];
  for (const [index, id] of ids.entries()) {
    for (const event of [submitted(), leased(), ...(index < 2 ? [succeeded()] : [])]) {
      valueOf(await store.append(id, event, index + 1));
    }
  }
  return ids;
}

async function jobsOf(directory: string, ids: readonly JobId[]): Promise<readonly Job[]> {
  const store = await openRecord(directory);
  try {
    const jobs = await Promise.all(ids.map(async (id) => valueOf(await store.get(id))));
    valueOf(await store.append(newJobId(), submitted(), 9));
    return jobs;
  } finally {
    await store.close();
  }
}

interface Stages {
  /** The record before a rotation, and after. */
  readonly before: string;
  readonly after: string;
  readonly ids: readonly JobId[];
  readonly jobs: readonly Job[];
}

/** A record with a snapshot and events after it; and the same after the next snapshot. */
async function stages(directory: string): Promise<Stages> {
  const [before, after] = [join(directory, 'before'), join(directory, 'after')];
  const store = await openRecord(before);
  const first = await fill(store);
  valueOf(await store.compact());
  const ids = [...first, ...(await fill(store))];
  const jobs = await Promise.all(ids.map(async (id) => valueOf(await store.get(id))));
  await store.close();
  await cp(before, after, { recursive: true });
  const next = await openRecord(after);
  valueOf(await next.compact());
  await next.close();
  return { before, after, ids, jobs };
}

describe('a rotation that was cut short', () => {
  const moments: readonly [string, (stages: Stages) => Promise<void>][] = [
    [
      'after the pack',
      async ({ before, after }) => cp(join(after, 'vault'), join(before, 'vault'), { recursive: true }),
    ],
    ['in the making of the journal', async ({ before }) => writeFile(join(before, 'journal-3'), 'ab')],
    ['after the journal', async ({ before, after }) => copyFile(join(after, 'journal-3'), join(before, 'journal-3'))],
    [
      'before the rename',
      async ({ before, after }) => {
        await copyFile(join(after, 'journal-3'), join(before, 'journal-3'));
        await copyFile(join(after, 'relay.sqlite'), join(before, 'relay.sqlite.tmp'));
        await truncate(join(before, 'relay.sqlite.tmp'), 5000);
      },
    ],
    [
      'after the rename',
      async ({ before, after }) => {
        await cp(join(after, 'vault'), join(before, 'vault'), { recursive: true });
        await copyFile(join(after, 'journal-3'), join(before, 'journal-3'));
        await copyFile(join(after, 'relay.sqlite'), join(before, 'relay.sqlite'));
      },
    ],
    [
      'after the rename, when the new journal could not be named',
      async ({ before, after }) => {
        await cp(join(after, 'vault'), join(before, 'vault'), { recursive: true });
        await copyFile(join(after, 'relay.sqlite'), join(before, 'relay.sqlite'));
      },
    ],
  ];
  for (const [moment, arrange] of moments) {
    it(`${moment}: nothing is lost, and it goes on`, () =>
      inDirectory(async (directory) => {
        const made = await stages(directory);
        await arrange(made);
        expect(await jobsOf(made.before, made.ids)).toEqual(made.jobs);
        expect(await jobsOf(made.before, made.ids)).toEqual(made.jobs);
        const store = await openRecord(made.before);
        valueOf(await store.compact());
        expect(valueOf(await store.list({ limit: 100, offset: 0 })).total).toBe(8);
        await store.close();
        expect((await readdir(made.before)).filter((name) => name.startsWith('journal-'))).toHaveLength(1);
        expect(await jobsOf(made.before, made.ids)).toEqual(made.jobs);
      }));
  }

  it('is not held against the journal that went on: its events after the snapshot count', () =>
    inDirectory(async (directory) => {
      const made = await stages(directory);
      const store = await openRecord(made.before);
      const late = newJobId();
      valueOf(await store.append(late, submitted(), 9));
      await store.close();
      await cp(join(made.after, 'vault'), join(made.before, 'vault'), { recursive: true });
      await copyFile(join(made.after, 'relay.sqlite'), join(made.before, 'relay.sqlite'));
      await writeFile(join(made.before, 'journal-3'), journalHeader(3));
      expect(await jobsOf(made.before, [...made.ids, late])).toHaveLength(7);
      expect(await jobsOf(made.before, [...made.ids, late])).toHaveLength(7);
    }));
});

describe('a record that is damaged', () => {
  it('loses nothing but the event whose writing did not end, and says so', () =>
    inDirectory(async (directory) => {
      const store = await openRecord(directory);
      const ids = await fill(store);
      await store.close();
      const path = join(directory, 'journal-1');
      const torn = encodeLine({ seq: 9, at: 9, jobId: ids[0], event: leased() }).subarray(0, 40);
      const whole = await readFile(path);
      await writeFile(path, Buffer.concat([whole, torn]));
      const said: [LogLevel, unknown][] = [];
      const again = valueOf(
        await tryOpen(directory, {
          log: { write: (level, _message, fields) => void said.push([level, fields?.['bytes']]) },
        }),
      );
      expect(said).toEqual([['warn', 40]]);
      expect(valueOf(await again.list({ limit: 9, offset: 0 })).total).toBe(3);
      await again.close();
      expect(await readFile(path)).toEqual(whole);
    }));

  it('is refused where a valid event follows, and the file is set aside and not deleted', () =>
    inDirectory(async (directory) => {
      const { before, ids } = await stages(directory);
      const path = join(before, 'journal-2');
      const bytes = await readFile(path);
      bytes[200] = (bytes[200] ?? 0) ^ 1;
      await writeFile(path, bytes);
      await writeFile(`${path}.damaged-1`, 'of another time');
      const refused = await tryOpen(before);
      expect(refused).toMatchObject({ ok: false, error: { kind: 'damaged' } });
      expect(refused.ok ? '' : refused.error.message).toContain('journal-2.damaged-2');
      expect(await readFile(`${path}.damaged-2`)).toEqual(bytes);
      expect(await readFile(`${path}.damaged-1`, 'utf8')).toBe('of another time');
      // What the snapshot has is there at the next start.
      expect(await jobsOf(before, ids.slice(0, 3))).toHaveLength(3);
    }));

  it('is refused for a damaged snapshot, again and again, and opens when a good one is put back', () =>
    inDirectory(async (directory) => {
      const { before, ids, jobs } = await stages(directory);
      const path = join(before, 'relay.sqlite');
      const good = await readFile(path);
      const bad = Buffer.from(good);
      bad.fill(0xff, 4096, 8192);
      await writeFile(path, bad);
      expect(await tryOpen(before)).toMatchObject({ ok: false, error: { kind: 'damaged' } });
      expect(await readFile(`${path}.damaged-1`)).toEqual(bad);
      const second = await tryOpen(before);
      expect(second).toMatchObject({ ok: false, error: { kind: 'damaged' } });
      expect(second.ok ? '' : second.error.message).toContain('relay.sqlite');
      await writeFile(path, good);
      expect(await jobsOf(before, ids)).toEqual(jobs);
    }));

  it('is refused for a snapshot that is no database', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'relay.sqlite'), 'no database, but long enough to have a header'.repeat(50));
      expect(await tryOpen(directory)).toMatchObject({ ok: false, error: { kind: 'damaged' } });
    }));

  it('is refused where events are missing, and left as it is', () =>
    inDirectory(async (directory) => {
      const { before } = await stages(directory);
      const path = join(before, 'journal-2');
      const lines = (await readFile(path, 'utf8')).split('\n');
      await writeFile(path, [...lines.slice(0, 1), ...lines.slice(2)].join('\n'));
      expect(await tryOpen(before)).toMatchObject({ ok: false, error: { kind: 'damaged' } });
      expect(await readdir(before)).toContain('journal-2');
    }));

  it('is refused for an event that its job does not take', () =>
    inDirectory(async (directory) => {
      const jobId = newJobId();
      const lines = [submitted(), succeeded()].map((event, n) => encodeLine({ seq: n + 1, at: 1, jobId, event }));
      await writeFile(join(directory, 'journal-1'), Buffer.concat([journalHeader(1), ...lines]));
      expect(await tryOpen(directory)).toMatchObject({ ok: false, error: { kind: 'damaged' } });
    }));

  it('says so when an archived job cannot be read, and serves the others', () =>
    inDirectory(async (directory) => {
      const { after, ids } = await stages(directory);
      await rename(join(after, 'vault'), join(directory, 'elsewhere'));
      const store = await openRecord(after);
      expect(await store.get(ids[0] ?? newJobId())).toMatchObject({ ok: false, error: { kind: 'io' } });
      expect(await store.events(ids[0] ?? newJobId())).toMatchObject({ ok: false, error: { kind: 'io' } });
      expect(valueOf(await store.get(ids[2] ?? newJobId())).state).toBe('RUNNING');
      expect(valueOf(await store.list({ limit: 9, offset: 0 })).total).toBe(6);
      await store.close();
    }));
});

describe('a record of another version', () => {
  it('is refused and left to the byte when it is newer', () =>
    inDirectory(async (directory) => {
      const { before } = await stages(directory);
      const path = join(before, 'relay.sqlite');
      const { Database } = await initSqlJs();
      const database = new Database(await readFile(path));
      database.run('PRAGMA user_version = 99');
      await writeFile(path, database.export());
      database.close();
      const files = async () =>
        Promise.all((await readdir(before)).sort().map(async (name) => [name, await read(join(before, name))]));
      const untouched = await files();
      const refused = await tryOpen(before);
      expect(refused).toMatchObject({ ok: false, error: { kind: 'newer' } });
      expect(refused.ok ? '' : refused.error.message).toContain('newer version');
      expect(await files()).toEqual(untouched);
    }));

  it('is refused for a journal that is newer', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'journal-1'), encodeLine({ journal: 1, generation: 1, schema: 99 }));
      expect(await tryOpen(directory)).toMatchObject({ ok: false, error: { kind: 'newer' } });
    }));
});

it('keeps its files to their owner, and its snapshot readable by any SQLite', () =>
  inDirectory(async (directory) => {
    const { after } = await stages(directory);
    const { statSync } = await import('node:fs');
    for (const name of ['relay.sqlite', 'journal-3']) expect(statSync(join(after, name)).mode & 0o777).toBe(0o600);
    expect(statSync(after).mode & 0o777).toBe(0o700);
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(join(after, 'relay.sqlite'), { readOnly: true });
    expect(database.prepare('SELECT state, count(*) AS n FROM jobs GROUP BY state ORDER BY state').all()).toEqual([
      { state: 'RUNNING', n: 2 },
      { state: 'SUCCEEDED', n: 4 },
    ]);
    database.close();
    await rm(join(after, 'relay.sqlite-journal'), { force: true });
  }));

async function read(path: string): Promise<string> {
  return readFile(path, 'base64').catch(() => 'a directory');
}
