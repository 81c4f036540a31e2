import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { jsonLog } from '../../src/base/log.ts';
import { Drifts } from '../../src/engine/drift.ts';
import { Sources } from '../../src/engine/sources.ts';
import { Vault } from '../../src/store/vault.ts';
import { gitEnvironment, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

it('says in the log where a look fails by a bug, and ends nothing', async () => {
  const said: string[] = [];
  const clock = new ManualClock();
  const broken = (): never => {
    throw new TypeError('a bug');
  };
  const drifts = new Drifts({
    store: { list: broken, get: broken },
    vault: new Vault(join(directory, 'vault')),
    sources: new Sources(join(directory, 'work'), gitEnvironment),
    clock,
    log: jsonLog((line) => said.push(line), clock.now.bind(clock)),
    watch: broken,
    onChanged: broken,
  });
  drifts.start();
  await drifts.stop();
  expect(said).toMatchObject([expect.stringContaining('a bug')]);
});
