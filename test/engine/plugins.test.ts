import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { pluginExecutor } from '../../src/executors/plugin.ts';
import type { PluginExecutor } from '../../src/executors/pluginApi.ts';
import { Plugins } from '../../src/executors/plugins.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let host: TestHost;
let plugins: Plugins;

beforeEach(async () => {
  directory = temporaryDirectory();
  makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  plugins = new Plugins();
  await open();
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

async function open(): Promise<void> {
  host = await openTestHost({ directory: join(directory, 'repo'), cache: join(directory, 'cache'), plugins });
}

const by = (executor: string, more: object = {}) => ({ task: { title: 'A task' }, execution: { executor, ...more } });

const bring = (run: PluginExecutor['run'], name = 'mine'): ReturnType<Plugins['bring']> =>
  plugins.bring(pluginExecutor({ name, run }, systemClock));

it('a plug-in that comes while a host lives makes a patch; once it is gone, its name is unknown', async () => {
  expect(await host.submit(by('mine'))).toMatchObject({ ok: false, error: { kind: 'invalid' } });
  const held = bring((_task, { directory: slot }) => writeFile(join(slot, 'made.txt'), 'x\n'));
  expect(await host.run(by('mine'))).toMatchObject({ state: 'SUCCEEDED', fileCount: 1 });
  held.dispose();
  expect(await host.submit(by('mine'))).toMatchObject({ ok: false, error: { kind: 'invalid' } });
});

it('one that throws, lies, or never ends harms only its own job', async () => {
  bring(() => Promise.reject(new Error('oh')), 'throws');
  bring(() => ({ summary: 7 }) as never, 'lies');
  bring(() => new Promise(() => undefined), 'hangs');
  const hanging = must(await host.submit(by('hangs')));
  const late = must(await host.submit(by('hangs', { timeoutS: 1 })));
  await host.running(hanging.jobId);
  must(await host.relay.cancel({ jobId: hanging.jobId, origin: 'cli' }));
  expect(await host.ended(late.jobId)).toMatchObject({ state: 'FAILED', reasonCode: 'TIMEOUT' });
  for (const name of ['throws', 'lies'])
    expect(await host.run(by(name))).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
  expect(await host.run(command('echo x > x'))).toMatchObject({ state: 'SUCCEEDED' });
});

it('a job of an earlier host waits for the extension that brings its executor', async () => {
  const held = bring(() => new Promise(() => undefined));
  const { jobId } = must(await host.submit(by('mine')));
  await host.running(jobId);
  held.dispose();
  await host.close();
  await open();
  expect(await host.view(jobId)).toMatchObject({ state: 'QUEUED' });
  bring((_task, { directory: slot }) => writeFile(join(slot, 'made.txt'), 'x\n'));
  expect(await host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED' });
});
