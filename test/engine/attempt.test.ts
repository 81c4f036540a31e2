import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let host: TestHost;

beforeEach(async () => {
  directory = temporaryDirectory();
  const repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

// A file in a folder's place refuses whoever it is, as a full disk does.
it.each([
  ['its log', () => join(host.host.places.record, 'logs')],
  ['its temporary folder', () => join(host.host.places.work, 'tmp')],
])('an attempt that cannot make %s fails its job by name, and the next one runs', async (_what, place) => {
  const folder = place();
  removeDirectory(folder);
  writeFileSync(folder, '');
  const failed = await host.run(command('echo x > x'));
  expect(failed).toMatchObject({ state: 'FAILED', reasonCode: 'INTERNAL_ERROR' });
  expect(failed.message).toMatch(/relay failed at this job: .*(ENOTDIR|EEXIST).*retry the job/);
  removeDirectory(folder);
  mkdirSync(folder);
  expect(await host.run(command('echo x > x'))).toMatchObject({ state: 'SUCCEEDED' });
});
