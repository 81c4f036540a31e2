import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import { Threads } from '../../src/store/threads.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { must } from '../fixtures/testHost.ts';

let directory: string;
let folder: string;
beforeEach(() => {
  directory = temporaryDirectory();
  folder = join(directory, 'threads');
});
afterEach(() => removeDirectory(directory));

const DAY = 24 * 3600 * 1000;

async function keep(threads: Threads, content: Buffer, daysAgo = 0): Promise<JobId> {
  const jobId = newJobId();
  const path = join(directory, 'content');
  writeFileSync(path, content);
  must(await threads.keep(jobId, path));
  const at = (systemClock.now() - daysAgo * DAY) / 1000;
  utimesSync(join(folder, `${jobId}.gz`), at, at);
  return jobId;
}

it('gives back what was kept, compressed and for its owner alone', async () => {
  const threads = new Threads(folder, systemClock);
  const content = Buffer.from('{"said":"much of the same"}\n'.repeat(10_000));
  const jobId = await keep(threads, content);
  const target = join(directory, 'given');
  expect(await threads.give(jobId, target)).toBe(true);
  expect(readFileSync(target).equals(content)).toBe(true);
  const file = join(folder, `${jobId}.gz`);
  expect(statSync(file).size).toBeLessThan(content.length / 10);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

it('has none that was never kept, was removed, or is damaged, and leaves nothing of the try', async () => {
  const threads = new Threads(folder, systemClock);
  const target = join(directory, 'given');
  expect(await threads.give(newJobId(), target)).toBe(false);
  const removed = await keep(threads, randomBytes(100));
  await threads.remove(removed);
  expect(await threads.give(removed, target)).toBe(false);
  const damaged = await keep(threads, randomBytes(1000));
  truncateSync(join(folder, `${damaged}.gz`), 500);
  expect(await threads.give(damaged, target)).toBe(false);
  expect(existsSync(target)).toBe(false);
});

it('lets the oldest go where there is too much, and all that are too old', async () => {
  const threads = new Threads(folder, systemClock, { mostBytes: 2500, longestMs: 30 * DAY });
  const old = await keep(threads, randomBytes(10), 31);
  const second = await keep(threads, randomBytes(1000), 2);
  const third = await keep(threads, randomBytes(1000), 1);
  const fourth = await keep(threads, randomBytes(1000));
  expect(readdirSync(folder).sort()).toEqual([`${third}.gz`, `${fourth}.gz`].sort());
  for (const gone of [old, second]) expect(await threads.give(gone, join(directory, 'given'))).toBe(false);
});

it('says so where it cannot keep one', async () => {
  writeFileSync(folder, 'in the way');
  const threads = new Threads(folder, systemClock);
  expect(await threads.keep(newJobId(), join(directory, 'absent'))).toMatchObject({ ok: false });
});

it('is tidied: what is half written or too old goes, and all of it where none is kept', async () => {
  const threads = new Threads(folder, systemClock);
  must(await threads.tidy(true));
  const fresh = await keep(threads, randomBytes(10));
  await keep(threads, randomBytes(10), 31);
  writeFileSync(join(folder, `${newJobId()}.tmp`), 'half');
  must(await threads.tidy(true));
  expect(readdirSync(folder)).toEqual([`${fresh}.gz`]);
  must(await threads.tidy(false));
  expect(existsSync(folder)).toBe(false);
});
