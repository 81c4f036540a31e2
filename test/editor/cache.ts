import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { Disposable } from '../../src/base/disposable.ts';
import { err, type Result } from '../../src/base/result.ts';
import { acquireLock } from '../../src/store/lock.ts';

/** What is downloaded on demand; ignored by git, and may be deleted when no test runs. */
export const cacheDirectory = resolve(import.meta.dirname, '..', '..', '.vscode-test');

const UNFINISHED = 'installing-';
const LONGEST_WAIT_MS = 10 * 60_000;

/**
 * Where `name` is in the cache, whole: there already, or installed now into the folder that `install` is given. An install
 * that did not end leaves nothing that a later one would take for whole, and two at once wait for each other.
 */
export async function cached(
  name: string,
  install: (directory: string) => Promise<Result<unknown, string>>,
): Promise<Result<string, string>> {
  const whole = join(cacheDirectory, name);
  if (existsSync(whole)) return { ok: true, value: whole };
  await mkdir(cacheDirectory, { recursive: true });
  const lock = await waitForLock();
  if (!lock.ok) return lock;
  try {
    if (existsSync(whole)) return { ok: true, value: whole };
    await removeUnfinished();
    const directory = await mkdtemp(join(cacheDirectory, UNFINISHED));
    const installed = await install(directory);
    if (installed.ok) await rename(directory, whole);
    else await rm(directory, { recursive: true, force: true });
    return installed.ok ? { ok: true, value: whole } : installed;
  } finally {
    lock.value.dispose();
  }
}

/** The kernel drops the lock of an install that was killed. */
async function waitForLock(): Promise<Result<Disposable, string>> {
  const path = join(cacheDirectory, 'lock');
  for (const start = systemClock.monotonic(); ;) {
    const lock = acquireLock(path);
    if (lock.ok) return lock;
    if (lock.error.kind === 'io') return err(lock.error.message);
    if (systemClock.monotonic() - start > LONGEST_WAIT_MS) return err(`another install holds ${path} and does not end`);
    await systemClock.pause(100);
  }
}

async function removeUnfinished(): Promise<void> {
  const names = (await readdir(cacheDirectory)).filter((name) => name.startsWith(UNFINISHED));
  for (const name of names) await rm(join(cacheDirectory, name), { recursive: true, force: true });
}
