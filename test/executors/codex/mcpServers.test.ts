import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { ExecutorSettings } from '../../../src/domain/executorSettings.ts';
import { codexExecutor } from '../../../src/executors/codex/codex.ts';
import { userServers } from '../../../src/executors/codex/mcpServers.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { env } from '../../process/running.ts';
import { contextIn, requestOf } from '../asking.ts';
import { placeProgram } from '../player.ts';

let directory: string;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => removeDirectory(directory));

function listedBy(script: string, config: string, clock: Clock = systemClock): ReturnType<typeof userServers> {
  writeFileSync(join(directory, 'config.toml'), config);
  const { file } = placeProgram(directory, 'codex', script);
  const signal = new AbortController().signal;
  const codex = { program: file, cwd: directory, env: { ...env, CODEX_HOME: directory }, signal };
  return userServers(codex, clock);
}

const listed = (said: string, config: string): ReturnType<typeof userServers> =>
  listedBy(`console.log(${JSON.stringify(said)});`, config);

const config = '[mcp_servers.one]\ncommand = "one"\n';
/** Whoever does not answer is out of time at once. */
const hurried: Clock = { ...systemClock, after: (_, call) => systemClock.after(0, call) };

it('are those that codex lists as enabled', async () => {
  const servers = [{ name: 'one', enabled: true, transport: {} }, { name: 'two' }, { name: 'off', enabled: false }];
  expect(await listed(JSON.stringify(servers), config)).toEqual({ ok: true, value: ['one', 'two'] });
  // No name that could be more than a name in an argument.
  expect(await listed('[{"name":"a.b=1"}]', config)).toEqual({ ok: true, value: [] });
});

it('are none where the configuration has none, and nobody is asked', async () => {
  expect(await listed('[{"name":"one"}]', 'model = "m"\n')).toEqual({ ok: true, value: [] });
});

it('are not known where codex does not list them, which is no leave to run them', async () => {
  const unknown = (why: string): unknown => ({
    ok: false,
    error: { kind: 'failed', message: expect.stringContaining(why) as string },
  });
  expect(await listed('Error: line 3', config)).toEqual(unknown('Error: line 3'));
  expect(await listedBy('console.log("[]"); process.exitCode = 1;', config)).toEqual(unknown('mcp list'));
  expect(await listedBy('setInterval(() => undefined, 1e6);', config, hurried)).toEqual(unknown('did not answer'));
});

it('end the run where they are not known', async () => {
  writeFileSync(join(directory, 'config.toml'), config);
  const { file } = placeProgram(
    directory,
    'codex',
    `if (process.argv[2] === 'mcp') process.exitCode = 1;
else require('node:fs').writeFileSync(${JSON.stringify(join(directory, 'ran'))}, '');`,
  );
  const settings = ExecutorSettings.parse({ codex: { program: file } });
  const executor = codexExecutor({ clock: systemClock, settings: () => settings, environment: () => env });
  const context = contextIn(directory);
  const done = await executor.run(requestOf({}), { ...context, env: { ...context.env, CODEX_HOME: directory } });
  expect(done).toMatchObject({ ok: false, error: { kind: 'failed' } });
  expect(context.raw).toEqual([]);
});
