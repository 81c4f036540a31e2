import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openHost } from '../../src/host.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { assets, environmentFor, must } from '../fixtures/testHost.ts';

it('asks what to do with a command of an agent whenever one comes, so that a setting counts at once', async () => {
  const directory = temporaryDirectory();
  const repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  let setting: 'allow' | 'refuse' = 'refuse';
  const host = must(
    await openHost({
      directory: repository,
      assets,
      mode: 'run',
      get agentCommands() {
        return setting;
      },
      version: '0',
      environment: environmentFor(join(directory, 'cache')),
      clock: systemClock,
      log: silentLog,
    }),
  );
  const spec = { task: { title: 'By an agent' }, execution: { command: 'true' } };
  const submit = () => host.relay.submit({ spec, workspace: repository, origin: 'mcp' });
  expect(await submit()).toMatchObject({ ok: false, error: { kind: 'refused' } });
  setting = 'allow';
  expect(await submit()).toMatchObject({ ok: true });
  setting = 'refuse';
  expect(await submit()).toMatchObject({ ok: false });
  await host.close();
  removeDirectory(directory);
});
