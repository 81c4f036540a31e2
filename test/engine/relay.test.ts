import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, photographFiles, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;

beforeEach(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
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

const change = command('echo b >> a.txt');
const remove = (jobId: JobId): ReturnType<TestHost['relay']['delete']> =>
  host.relay.delete({ jobId, origin: 'editor' });

async function listed(): Promise<readonly JobId[]> {
  const { items, total } = must(await host.relay.list({ limit: 20, offset: 0 }));
  expect(items).toHaveLength(total);
  return items.map((job) => job.jobId);
}

describe('a job that is deleted', () => {
  it('is in no list, after a restart too, while its record stays', async () => {
    const kept = await host.run(change);
    const gone = await host.run(change);
    expect(await listed()).toEqual([gone.jobId, kept.jobId]);
    const heard: JobId[] = [];
    host.relay.onChange((one) => {
      if (one.kind !== 'executors') heard.push(one.jobId);
    });
    expect(await remove(gone.jobId)).toEqual({ ok: true, value: { ok: true } });
    expect(heard).toContain(gone.jobId);
    expect(await listed()).toEqual([kept.jobId]);
    await host.close();
    await open();
    expect(await listed()).toEqual([kept.jobId]);
    const events = must(await host.relay.events({ jobId: gone.jobId })).entries.map(({ event }) => event);
    expect(events.at(-1)).toEqual({ type: 'deleted', by: 'editor' });
    expect((await host.artifact(gone.jobId, 'patch.diff')).toString()).toContain('+b');
  });

  it('must have ended, and goes once', async () => {
    const { jobId } = must(await host.submit(command('echo started; sleep 1000')));
    await host.logged(jobId, 'started');
    expect(await remove(jobId)).toMatchObject({
      error: { kind: 'illegal', message: expect.stringContaining('cancel it') as unknown },
    });
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
    expect(must(await host.relay.get({ jobId })).deleted).toBeUndefined();
    expect(await remove(jobId)).toMatchObject({ ok: true });
    expect(must(await host.relay.get({ jobId })).deleted).toBe(true);
    expect(await remove(jobId)).toMatchObject({ ok: false, error: { kind: 'illegal' } });
    expect(await remove(newJobId())).toMatchObject({ ok: false, error: { kind: 'notFound' } });
    expect(await listed()).toEqual([]);
  });

  it('leaves the user’s tree as it is, and can still be undone', async () => {
    const before = photographFiles(repository);
    const job = await host.run(change);
    must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
    const applied = photographFiles(repository);
    must(await remove(job.jobId));
    expect(photographFiles(repository)).toEqual(applied);
    must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
    expect(photographFiles(repository)).toEqual(before);
  });
});
