import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SqlJsStatic } from 'sql.js';
import { codeOf, messageOf, ok, type Result } from '../base/result.ts';
import { replaceFile } from './durableFile.ts';
import { attemptIo, type IoError } from './ioError.ts';

/** The last snapshot: an ordinary SQLite file. */
export function snapshotPath(directory: string): string {
  return join(directory, 'relay.sqlite');
}

export async function readSnapshot(directory: string): Promise<Result<Buffer | undefined, IoError>> {
  const path = snapshotPath(directory);
  try {
    return ok(await readFile(path));
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return ok(undefined);
    return attemptIo(`read ${path}`, () => Promise.reject(thrown as Error));
  }
}

export function writeSnapshot(directory: string, bytes: Uint8Array): Promise<Result<void, IoError>> {
  const path = snapshotPath(directory);
  return attemptIo(`write ${path}`, () => replaceFile(path, `${path}.tmp`, [bytes]));
}

/** Loads sql.js, late, because it costs more than all else at start-up. `assets` holds sql-wasm.wasm. */
export async function loadSql(assets: string): Promise<Result<SqlJsStatic, IoError>> {
  const path = join(assets, 'sql-wasm.wasm');
  const wasm = await attemptIo(`read ${path}`, () => readFile(path));
  if (!wasm.ok) return wasm;
  const { default: initSqlJs } = await import('sql.js');
  const wasmBinary = new Uint8Array(wasm.value).buffer;
  return ok(await initSqlJs({ wasmBinary }));
}

/** What is wrong with the bytes of a database, if anything. */
export function faultOf(check: () => unknown): string | undefined {
  try {
    const found = check();
    return found === 'ok' ? undefined : String(found);
  } catch (thrown) {
    return messageOf(thrown);
  }
}
