import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type * as Sqlite from 'node:sqlite';
import { disposable, type Disposable } from '../base/disposable.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { ioError } from './ioError.ts';

/** Held until it is disposed or its process is gone. */
export type Lock = Disposable;

export interface LockError {
  readonly kind: 'held' | 'io';
  readonly message: string;
}

/**
 * POSIX locks belong to the process, so a second lock by the same process would succeed: these are the paths it has. The
 * databases are kept here because one that is garbage is closed, and its lock dropped.
 */
const heldHere = new Map<string, Sqlite.DatabaseSync>();

const SQLITE_BUSY = 5;

/**
 * One host a repository: takes the lock at `path` or says at once that another has it. The kernel keeps it (a write lock
 * of SQLite on an empty database: fcntl, or LockFileEx on Windows), drops it when the process dies, and knows nothing
 * of pids, so that it holds between containers too. Nothing else may open that file: closing it would drop the lock.
 */
export function acquireLock(path: string): Result<Lock, LockError> {
  let real: string;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    real = join(realpathSync(dirname(path)), basename(path));
    if (heldHere.has(real)) return held(path);
    closeSync(openSync(real, 'a', 0o600));
  } catch (thrown) {
    return ioError(`make the lock file ${path}`, thrown);
  }
  const locked = lockFile(real);
  if (!locked.ok) return locked.error === 'held' ? held(path) : ioError(`lock ${path}`, locked.error);
  heldHere.set(real, locked.value);
  return ok(
    disposable(() => {
      locked.value.close();
      heldHere.delete(real);
    }),
  );
}

function held(path: string): Result<never, LockError> {
  return err({ kind: 'held', message: `another process is the host of this record (it holds ${path})` });
}

function lockFile(path: string): Result<Sqlite.DatabaseSync, 'held' | Error> {
  const sqlite = loadSqlite();
  if (sqlite === undefined) return err(new Error('this Node has no node:sqlite; Node 22.13 or newer has'));
  let database: Sqlite.DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return ok(database);
  } catch (thrown) {
    database?.close();
    const busy = thrown instanceof Error && 'errcode' in thrown && thrown.errcode === SQLITE_BUSY;
    return err(busy ? 'held' : new Error(messageOf(thrown)));
  }
}

/** Loads the module without the one warning that older Nodes print for it, which would reach a user's terminal. */
function loadSqlite(): typeof Sqlite | undefined {
  const emit = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  const passOn = process.emitWarning.bind(process) as (...args: readonly unknown[]) => void;
  process.emitWarning = (warning: unknown, ...rest: readonly unknown[]): void => {
    if (!messageOf(warning).includes('SQLite is an experimental feature')) passOn(warning, ...rest);
  };
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    if (emit !== undefined) Object.defineProperty(process, 'emitWarning', emit);
  }
}
