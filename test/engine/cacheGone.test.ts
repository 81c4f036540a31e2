import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { git, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;
beforeEach(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n', 'b.txt': 'b\n' });
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});
afterEach(async () => {
  await host.close();
  removeDirectory(directory);
});

/** As a person does who needs the room, while the host lives. */
const deleteCache = (): void => rmSync(host.host.places.work, { recursive: true });

it('runs the job of a URL again whose mirror was deleted with its pack', async () => {
  // As many as git fetches into a pack, which a process that is warm has mapped.
  const files = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`f${String(at)}.txt`, `${String(at)}\n`]));
  const other = makeRepository(join(directory, 'other'), files);
  const baselineCommit = ObjectId.parse(git(other, 'rev-parse', 'HEAD'));
  const spec = command('echo more >> f1.txt', {
    repo: { type: 'git', url: `file://${other}`, baseBranch: 'main', baselineCommit },
  });
  expect(await host.run(spec)).toMatchObject({ state: 'SUCCEEDED' });
  deleteCache();
  const again = await host.run(spec);
  expect(again, again.message).toMatchObject({ state: 'SUCCEEDED' });
});
