import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Clock } from '../base/clock.ts';
import { codeOf, type Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import { attemptIo, type IoError } from './ioError.ts';

/** What all threads may take, in bytes as they are on disk, and how long one is kept. */
const MOST_BYTES = 256 * 1024 * 1024;
const LONGEST_MS = 30 * 24 * 3600 * 1000;

/** What is kept beside its default. */
export interface Bounds {
  readonly mostBytes: number;
  readonly longestMs: number;
}

/**
 * What executors' programs have kept of the threads of jobs that succeeded: one compressed file a job, readable by its
 * owner alone. Nothing serves them, and nobody is worse off without one: the oldest go where there are too many.
 */
export class Threads {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #bounds: Bounds;

  constructor(directory: string, clock: Clock, bounds: Bounds = { mostBytes: MOST_BYTES, longestMs: LONGEST_MS }) {
    this.#directory = directory;
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** Keeps what is in the file at `path`; its size on disk. */
  keep(jobId: JobId, path: string): Promise<Result<number, IoError>> {
    return attemptIo(`keep the thread of job ${jobId}`, async () => {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const aside = join(this.#directory, `${jobId}.tmp`);
      await pipeline(createReadStream(path), createGzip(), createWriteStream(aside, { mode: 0o600 }));
      await rename(aside, this.#pathOf(jobId));
      const { size } = await stat(this.#pathOf(jobId));
      await this.#prune();
      return size;
    });
  }

  /** Writes a thread to `target`; false where there is none any more, or none that can be read. */
  async give(jobId: JobId, target: string): Promise<boolean> {
    try {
      await pipeline(createReadStream(this.#pathOf(jobId)), createGunzip(), createWriteStream(target, { mode: 0o600 }));
      return true;
    } catch {
      await rm(target, { force: true });
      return false;
    }
  }

  async remove(jobId: JobId): Promise<void> {
    await rm(this.#pathOf(jobId), { force: true }).catch(() => undefined);
  }

  /** When a host opens: what a killed one left half written goes, and what is too much or too old; all, where none is kept. */
  tidy(keeps: boolean): Promise<Result<void, IoError>> {
    return attemptIo('tidy the threads of jobs', async () => {
      if (!keeps) return rm(this.#directory, { recursive: true, force: true });
      // A folder that is not there is made when the first is kept.
      if (!(await stat(this.#directory).catch(() => undefined))?.isDirectory()) return;
      const names = await readdir(this.#directory);
      for (const name of names.filter((one) => one.endsWith('.tmp'))) await rm(join(this.#directory, name));
      await this.#prune();
    });
  }

  async #prune(): Promise<void> {
    const { mostBytes, longestMs } = this.#bounds;
    const names = await readdir(this.#directory);
    const files = await Promise.all(names.map((name) => aged(join(this.#directory, name))));
    const newestFirst = files.flatMap((file) => file ?? []).sort((a, b) => b.at - a.at);
    let bytes = 0;
    for (const { path, size, at } of newestFirst) {
      bytes += size;
      if (bytes > mostBytes || this.#clock.now() - at > longestMs) await rm(path, { force: true });
    }
  }

  #pathOf(jobId: JobId): string {
    return join(this.#directory, `${jobId}.gz`);
  }
}

async function aged(path: string): Promise<{ path: string; size: number; at: number } | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { path, size, at: mtimeMs };
  } catch (thrown) {
    // Another keep has pruned it meanwhile.
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
