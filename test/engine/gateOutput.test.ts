import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Redactor } from '../../src/checks/redactor.ts';
import { GateOutput } from '../../src/engine/gateOutput.ts';
import { Vault } from '../../src/store/vault.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { must } from '../fixtures/testHost.ts';

let directory: string;
let vault: Vault;
let redactor: Redactor;
beforeEach(() => {
  directory = temporaryDirectory();
  vault = new Vault(join(directory, 'vault'));
  redactor = new Redactor([]);
});
afterEach(() => removeDirectory(directory));

async function kept(
  write: (output: GateOutput) => void,
  path = join(directory, 'gate.txt'),
): Promise<string | undefined> {
  const output = await GateOutput.create(path);
  write(output);
  const stored = await output.keep(vault, redactor);
  return stored === undefined ? undefined : must(await vault.read(stored.digest)).toString();
}

it('keeps every byte of what is short, in order, a section a run', async () => {
  const run = fc.record({ heading: fc.string(), chunks: fc.array(fc.string()), how: fc.string() });
  await fc.assert(
    fc.asyncProperty(fc.array(run), async (runs) => {
      const text = await kept((output) => {
        for (const { heading, chunks, how } of runs) {
          output.begin(heading);
          for (const chunk of chunks) output.take(Buffer.from(chunk));
          output.end(how);
        }
      });
      expect(text).toBe(
        runs.map(({ heading, chunks, how }) => `${heading}\n${chunks.join('')}\n[${how}]\n\n`).join(''),
      );
    }),
    { numRuns: 30 },
  );
});

it('keeps both ends of what is long, however it is cut into chunks, and of each run anew', async () => {
  const MiB = 1024 * 1024;
  const bytes = Buffer.alloc(7 * MiB, 'line of text\n');
  for (const size of [1000, 4 * MiB - 1, 4 * MiB, 7 * MiB]) {
    const text = await kept((output) => {
      for (const heading of ['one', 'two']) {
        output.begin(heading);
        for (let at = 0; at < bytes.length; at += size) output.take(bytes.subarray(at, at + size));
        output.end('exit 0');
      }
    });
    const [head, tail] = [bytes.subarray(0, 4 * MiB), bytes.subarray(-MiB)].map(String);
    const cut = `\n[${String(2 * MiB)} bytes were left out here: more than the relay keeps]\n`;
    const section = `${String(head)}${cut}${String(tail)}\n[exit 0]\n\n`;
    expect(text === `one\n${section}two\n${section}`).toBe(true);
  }
});

it('is kept without the secrets that are known by then', async () => {
  redactor = new Redactor([{ rule: 'Token', secret: 'abcdefghijklmnop', source: 'a.txt' }]);
  const text = await kept((output) => {
    output.begin('on the result');
    for (const chunk of ['it is abcdefgh', 'ijklmnop here']) output.take(Buffer.from(chunk));
    output.end('exit 0');
  });
  expect(text).toBe('on the result\nit is [redacted: Token] here\n[exit 0]\n\n');
});

it('is none where the disk took not all of it', async () => {
  const write = (output: GateOutput): void => output.begin('on the result');
  const full = join(directory, 'full');
  symlinkSync('/dev/full', full);
  expect(await kept(write, full)).toBeUndefined();
  expect(existsSync(full)).toBe(false);
});
