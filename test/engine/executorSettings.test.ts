import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ok } from '../../src/base/result.ts';
import { noAbilities, type Executor } from '../../src/domain/executor.ts';
import { Plugins } from '../../src/executors/plugins.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let host: TestHost;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

function working(name: string): Executor {
  const run: Executor['run'] = (_request, { directory: slot }) => {
    writeFileSync(join(slot, 'x.txt'), 'x\n');
    return Promise.resolve(ok({}));
  };
  return { name, abilities: noAbilities, run };
}

it('count one by one: those that are wrong leave the others alone, and the log names them', async () => {
  const repository = join(directory, 'repo');
  makeRepository(repository, { 'a.txt': 'a\n' });
  host = await openTestHost({
    directory: repository,
    cache: join(directory, 'cache'),
    plugins: new Plugins([working('x'), working('y')]),
    executorSettings: () => ({ order: ['y'], claude: { maxTurns: 5000 }, permissions: 'never' }),
  });
  expect(await host.run({ task: { title: 't' } })).toMatchObject({ state: 'SUCCEEDED', executor: 'y' });
  const named = host.complaints.filter((text) => text.includes('relay.executors.'));
  expect(named).toEqual([
    expect.stringContaining('relay.executors.claude.maxTurns is not used'),
    expect.stringMatching(/relay\.executors\.permissions is not used.* to restrict/),
  ]);
});
