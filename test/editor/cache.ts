import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { Disposable } from '../../src/base/disposable.ts';
import { err, type Result } from '../../src/base/result.ts';
import { acquireLock } from '../../src/store/lock.ts';

/** What is downloaded on demand; ignored by git, and may be deleted when no test runs. */
const cacheDirectory = resolve(import.meta.dirname, '..', '..', '.vscode-test');

const UNFINISHED = 'installing-';
const LONGEST_WAIT_MS = 10 * 60_000;

/**
 * Where `name` is in the cache, whole: there already, or installed now into the folder that `install` is given. An install
 * that did not end leaves nothing that a later one would take for whole, and two at once wait for each other.
 */
export async function cached(
  name: string,
  install: (directory: string) => Promise<Result<unknown, string>>,
  cache = cacheDirectory,
): Promise<Result<string, string>> {
  const whole = join(cache, name);
  if (existsSync(whole)) return { ok: true, value: whole };
  await mkdir(cache, { recursive: true });
  const lock = await waitForLock(cache);
  if (!lock.ok) return lock;
  try {
    if (existsSync(whole)) return { ok: true, value: whole };
    await removeUnfinished(cache);
    const directory = await mkdtemp(join(cache, UNFINISHED));
    const installed = await install(directory);
    if (installed.ok) await rename(directory, whole);
    else await rm(directory, { recursive: true, force: true });
    return installed.ok ? { ok: true, value: whole } : installed;
  } finally {
    lock.value.dispose();
  }
}

/** The kernel drops the lock of an install that was killed. */
async function waitForLock(cache: string): Promise<Result<Disposable, string>> {
  const path = join(cache, 'lock');
  for (const start = systemClock.monotonic(); ;) {
    const lock = acquireLock(path);
    if (lock.ok) return lock;
    if (lock.error.kind === 'io') return err(lock.error.message);
    if (systemClock.monotonic() - start > LONGEST_WAIT_MS) return err(`another install holds ${path} and does not end`);
    await systemClock.pause(100);
  }
}

async function removeUnfinished(cache: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => name.startsWith(UNFINISHED));
  for (const name of names) await rm(join(cache, name), { recursive: true, force: true });
}
