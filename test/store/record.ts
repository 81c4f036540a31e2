import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { silentLog } from '../../src/base/log.ts';
import type { Result } from '../../src/base/result.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import type { OpenError } from '../../src/store/journals.ts';
import { openStore, type StoreOptions } from '../../src/store/openStore.ts';
import { Vault } from '../../src/store/vault.ts';

/** Where sql-wasm.wasm is in a checkout. */
const assets = dirname(createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm'));

/** Runs with a directory of its own that is gone afterwards. */
export async function inDirectory<T>(run: (directory: string) => Promise<T>): Promise<T> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'relay-store-')));
  try {
    return await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export function tryOpen(directory: string, options: Partial<StoreOptions> = {}): Promise<Result<JobStore, OpenError>> {
  return openStore({ directory, assets, vault: new Vault(join(directory, 'vault')), log: silentLog, ...options });
}

export async function openRecord(directory: string, options: Partial<StoreOptions> = {}): Promise<JobStore> {
  return valueOf(await tryOpen(directory, options));
}

/** The value, or a test that fails with the error. */
export function valueOf<T>(result: Result<T, { readonly kind: string; readonly message: string }>): T {
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`);
  return result.value;
}
