import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { RawStream } from '../../src/engine/rawStream.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

it('that cannot be made drops what is printed, and says so once', async () => {
  const said: string[] = [];
  const raw = new RawStream(join(directory, 'nowhere', 'x.stream'), new ManualClock(), (text) => said.push(text));
  raw.write({ stream: 'stdout', text: 'one' });
  expect(await raw.soFar()).toEqual(Buffer.alloc(0));
  raw.write({ stream: 'stdout', text: 'two' });
  expect(await raw.close()).toBeUndefined();
  expect(said).toEqual([expect.stringMatching(/could not be kept.*ENOENT/)]);
});

it('is bounded also before its file is there, and says what is left out', async () => {
  const path = join(directory, 'x.stream');
  const raw = new RawStream(path, new ManualClock(), () => undefined);
  const text = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 40; count++) raw.write({ stream: 'stdout', text });
  raw.write({ exit: { kind: 'exited', exitCode: 0 } });
  expect(await raw.close()).toBe(path);
  const kept = readFileSync(path, 'utf8');
  expect(kept.length).toBeLessThan(12 * 1024 * 1024);
  expect(kept).toMatch(/^\{"cut":\d+\}$/m);
});
