import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '../../src/protocol/jobView.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { commit, git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;

beforeEach(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), {
    'a.txt': 'a\n',
    'b.bin': Buffer.from([0, 255]),
    'c.txt': 'c\n',
  });
  await open();
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

async function open(): Promise<void> {
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
}

/** The bytes of a file before or after a job's patch, one character a byte; undefined where it is not there. */
async function content({ jobId }: JobView, path: string, side: 'before' | 'after'): Promise<string | undefined> {
  const { base64 } = must(await host.relay.content({ jobId, path, side }));
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('latin1');
}

const change = command('echo b >> a.txt; printf "\\000\\001" > b.bin; rm c.txt; echo n > "nouveau é"');

async function expectContents(job: JobView): Promise<void> {
  expect(await content(job, 'a.txt', 'before')).toBe('a\n');
  expect(await content(job, 'a.txt', 'after')).toBe('a\nb\n');
  expect(await content(job, 'b.bin', 'before')).toBe('\0\xff');
  expect(await content(job, 'b.bin', 'after')).toBe('\0\x01');
  expect(await content(job, 'c.txt', 'before')).toBe('c\n');
  expect(await content(job, 'c.txt', 'after')).toBeUndefined();
  expect(await content(job, 'nouveau é', 'before')).toBeUndefined();
  expect(await content(job, 'nouveau é', 'after')).toBe('n\n');
}

describe('the content of a changed file', () => {
  it('is as it was, and as the patch makes it', async () => {
    const job = await host.run(change);
    await expectContents(job);
    write(repository, { 'a.txt': 'later\n' });
    commit(repository);
    await expectContents(job);
  });

  it('is there for a job that failed in a check', async () => {
    const job = await host.run({ ...change, scope: { fileGlobs: ['a.txt'] } });
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    await expectContents(job);
  });

  it('comes from the patch again where the mirror was deleted', async () => {
    const job = await host.run(change);
    await host.close();
    removeDirectory(host.host.places.work);
    await open();
    await expectContents(job);
  });

  it('cannot be read where mirror and commit are gone, and says so', async () => {
    const first = git(repository, 'rev-parse', 'HEAD');
    write(repository, { 'a.txt': 'second\n' });
    commit(repository);
    const job = await host.run(change);
    await host.close();
    removeDirectory(host.host.places.work);
    git(repository, 'reset', '-q', '--hard', first);
    git(repository, 'reflog', 'expire', '--expire=now', '--all');
    git(repository, 'gc', '-q', '--prune=now');
    await open();
    expect(await host.relay.content({ jobId: job.jobId, path: 'a.txt', side: 'after' })).toMatchObject({
      ok: false,
      error: { kind: 'io', message: expect.stringContaining(job.baseline) as unknown },
    });
  });
});

it('of a file that the job did not change, or of a job without files, is refused by name', async () => {
  const job = await host.run(change);
  expect(await host.relay.content({ jobId: job.jobId, path: 'd.txt', side: 'after' })).toMatchObject({
    error: { kind: 'notFound', message: expect.stringContaining('"d.txt"') as unknown },
  });
  const { jobId } = must(await host.submit(command('sleep 1000')));
  await host.running(jobId);
  must(await host.relay.cancel({ jobId, origin: 'cli' }));
  expect(await host.relay.content({ jobId, path: 'a.txt', side: 'after' })).toMatchObject({
    error: { kind: 'illegal', message: expect.stringContaining('CANCELED') as unknown },
  });
});
