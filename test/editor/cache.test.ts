import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { err, ok } from '../../src/base/result.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { cached } from './cache.ts';

let cache: string;
beforeEach(() => (cache = temporaryDirectory()));
afterEach(() => removeDirectory(cache));

const names = (): readonly string[] => readdirSync(cache).filter((name) => name !== 'lock');

it('installs once for two who ask at once, and keeps it', async () => {
  let installs = 0;
  const install = async (directory: string) => {
    installs++;
    await Promise.resolve();
    writeFileSync(join(directory, 'whole'), '');
    return ok(undefined);
  };
  const both = await Promise.all([cached('thing', install, cache), cached('thing', install, cache)]);
  await cached('thing', install, cache);
  expect(both).toEqual([ok(join(cache, 'thing')), ok(join(cache, 'thing'))]);
  expect(installs).toBe(1);
  expect(existsSync(join(cache, 'thing', 'whole'))).toBe(true);
});

it('leaves nothing of an install that failed, and tries again', async () => {
  const failing = (directory: string) => {
    writeFileSync(join(directory, 'half'), '');
    return Promise.resolve(err('there is no network'));
  };
  expect(await cached('thing', failing, cache)).toEqual(err('there is no network'));
  expect(names()).toEqual([]);
  expect(await cached('thing', () => Promise.resolve(ok(undefined)), cache)).toEqual(ok(join(cache, 'thing')));
});

it('throws away what an install that was killed has left', async () => {
  mkdirSync(join(cache, 'installing-abc', 'half'), { recursive: true });
  await cached('thing', () => Promise.resolve(ok(undefined)), cache);
  expect(names()).toEqual(['thing']);
});
