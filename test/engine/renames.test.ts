import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { git, makeRepository, photographFiles, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;

beforeAll(async () => {
  directory = temporaryDirectory();
  const text = Array.from({ length: 30 }, (_, line) => `line ${String(line)}\n`).join('');
  repository = makeRepository(join(directory, 'repo'), {
    'old/näme.txt': text,
    'x.txt': 'x\n',
    'y.bin': Buffer.from([0, 1, 2, 0]),
  });
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});
afterAll(async () => {
  await host.close();
  removeDirectory(directory);
});

const move = 'mkdir new; git mv old/näme.txt new/näme.txt 2>/dev/null || mv old/näme.txt new/näme.txt';

it('are told beside the deletion and the addition, which stay what is proven, applied and undone', async () => {
  const before = photographFiles(repository);
  const job = await host.run(command(`${move}; echo more >> new/näme.txt; printf '\\0x' > z.bin; rm y.bin`));
  expect(job).toMatchObject({
    state: 'SUCCEEDED',
    fileCount: 4,
    files: [
      { path: 'new/näme.txt', kind: 'added', from: 'old/näme.txt' },
      { path: 'old/näme.txt', kind: 'deleted' },
      { path: 'y.bin', kind: 'deleted', binary: true },
      { path: 'z.bin', kind: 'added', binary: true },
    ],
  });
  expect(job.files.map(({ from }) => from)).toEqual(['old/näme.txt', undefined, undefined, undefined]);
  expect((await host.artifact(job.jobId, 'patch.diff')).toString()).not.toContain('rename from');
  const out = (await host.artifact(job.jobId, 'out.md')).toString();
  expect(out).toContain('## Changed (3)\n\n- renamed `old/näme.txt` → `new/näme.txt`\n');

  const content = async (path: string, side: 'before' | 'after'): Promise<string> => {
    const { base64 } = must(await host.relay.content({ jobId: job.jobId, path, side }));
    return Buffer.from(base64 ?? '', 'base64').toString();
  };
  expect(`${await content('old/näme.txt', 'before')}more\n`).toBe(await content('new/näme.txt', 'after'));

  must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
  expect(existsSync(join(repository, 'old'))).toBe(false);
  expect(readFileSync(join(repository, 'new/näme.txt'), 'utf8')).toContain('more');
  must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
  expect(photographFiles(repository)).toEqual(before);
  expect(git(repository, 'status', '--porcelain')).toBe('');
});

it('count with both of their paths for the scope', async () => {
  for (const fileGlobs of [['new/**'], ['old/**']]) {
    const job = await host.run(command(move, { scope: { fileGlobs } }));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
  }
  expect(await host.run(command(move, { scope: { fileGlobs: ['new/**', 'old/**'] } }))).toMatchObject({
    state: 'SUCCEEDED',
  });
});
