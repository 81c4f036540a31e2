import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { commit, git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let number = 0;

beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => removeDirectory(directory));

function freshRepository(objectFormat: 'sha1' | 'sha256' = 'sha1'): string {
  number += 1;
  return makeRepository(
    join(directory, `repo${String(number)}`),
    { 'a.txt': 'a\n', 'src/b.txt': 'b\n' },
    { objectFormat },
  );
}

const open = (repository: string, cache = `${repository}.cache`): Promise<TestHost> =>
  openTestHost({ directory: repository, cache });

/** The folder of the host's only mirror. */
function mirrorOf(host: TestHost): string {
  const { work } = host.host.places;
  const source = readdirSync(work).find((name) => readdirSync(join(work, name)).includes('mirror.git'));
  return join(work, source ?? '', 'mirror.git');
}

const change = command('echo x > x; test "$(cat a.txt)" != ""');

describe('a mirror', () => {
  it('is not fooled by a fetch that was killed half way', async () => {
    const repository = freshRepository();
    const host = await open(repository);
    await host.run(change);
    write(repository, { 'a.txt': 'newer\n', 'deep/er.txt': 'x\n' });
    const id = commit(repository);
    // What `git fetch` writes first, and a kill would leave: the commit and its tree, without what is in it.
    for (const one of [id, git(repository, 'rev-parse', 'HEAD^{tree}')]) {
      const object = join('objects', one.slice(0, 2), one.slice(2));
      mkdirSync(dirname(join(mirrorOf(host), object)), { recursive: true });
      copyFileSync(join(repository, '.git', object), join(mirrorOf(host), object));
    }
    const job = await host.run(change);
    expect(job, job.message).toMatchObject({ state: 'SUCCEEDED', baseline: id });
    await host.close();
    await expectNothingLeft(host.host.places);
  });

  it('is not stopped by locks that a killed git left', async () => {
    const repository = freshRepository();
    const first = await open(repository);
    await first.run(change);
    await first.close();
    write(repository, { 'a.txt': 'newer\n' });
    const id = commit(repository);
    const mirror = mirrorOf(first);
    mkdirSync(join(mirror, 'refs/relay/baselines'), { recursive: true });
    for (const lock of [
      'packed-refs.lock',
      'HEAD.lock',
      'config.lock',
      'shallow.lock',
      `refs/relay/baselines/${id}.lock`,
    ]) {
      writeFileSync(join(mirror, lock), '');
    }
    mkdirSync(`${mirror}.new`);
    const second = await open(repository);
    const job = await second.run(change);
    expect(job, job.message).toMatchObject({ state: 'SUCCEEDED', baseline: id });
    await second.close();
    await expectNothingLeft(second.host.places);
  });

  it('of a URL is not spoilt by an id of the wrong length', async () => {
    const [repository, origin, other] = [freshRepository(), freshRepository(), freshRepository('sha256')];
    const host = await open(repository);
    const spec = (root: string, id: string): JobSpec =>
      command('echo x > x', {
        repo: { type: 'git', url: pathToFileURL(root).href, baseBranch: 'main', baselineCommit: ObjectId.parse(id) },
      });
    const head = git(origin, 'rev-parse', 'HEAD');
    expect(await host.run(spec(origin, '1'.repeat(64)))).toMatchObject({ state: 'FAILED' });
    expect(await host.run(spec(origin, head))).toMatchObject({ state: 'SUCCEEDED' });
    expect(await host.run(spec(other, '1'.repeat(40)))).toMatchObject({ state: 'FAILED' });
    expect(await host.run(spec(other, git(other, 'rev-parse', 'HEAD')))).toMatchObject({ state: 'SUCCEEDED' });
    await host.close();
    await expectNothingLeft(host.host.places);
  });
});

describe('a server that never answers', () => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    url = `http://127.0.0.1:${String(address.port)}/x.git`;
  });
  afterAll(() => {
    server.close();
  });

  it('ends with the time of the attempt, or of the job, or by a cancel', async () => {
    const host = await open(freshRepository());
    const repo = { type: 'git', url, baseBranch: 'main', baselineCommit: ObjectId.parse('1'.repeat(40)) } as const;
    expect(await host.run(command('true', { repo, execution: { timeoutS: 1 } }))).toMatchObject({
      state: 'FAILED',
      reasonCode: 'TIMEOUT',
    });
    expect(await host.run(command('true', { repo, execution: { ttlS: 1 } }))).toMatchObject({ state: 'EXPIRED' });
    const { jobId } = must(await host.submit(command('true', { repo })));
    await host.logged(jobId, 'attempt 1');
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
    expect(await host.ended(jobId)).toMatchObject({ state: 'CANCELED' });
    await host.close();
    await expectNothingLeft(host.host.places);
  });
});
