import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { userServers } from '../../../src/executors/codex/mcpServers.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { env } from '../../process/running.ts';
import { placeProgram } from '../player.ts';

let directory: string;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => removeDirectory(directory));

function listed(said: string, config: string): Promise<readonly string[]> {
  writeFileSync(join(directory, 'config.toml'), config);
  const { file } = placeProgram(directory, 'codex', `console.log(${JSON.stringify(said)});`);
  const signal = new AbortController().signal;
  const codex = { program: file, cwd: directory, env: { ...env, CODEX_HOME: directory }, signal };
  return userServers(codex, systemClock);
}

const config = '[mcp_servers.one]\ncommand = "one"\n';

it('are those that codex lists as enabled', async () => {
  const servers = [{ name: 'one', enabled: true, transport: {} }, { name: 'two' }, { name: 'off', enabled: false }];
  expect(await listed(JSON.stringify(servers), config)).toEqual(['one', 'two']);
  // No name that could be more than a name in an argument.
  expect(await listed('[{"name":"a.b=1"}]', config)).toEqual([]);
});

it('are none where codex cannot list them, and nobody is asked where the configuration has none', async () => {
  expect(await listed('Error: line 3', config)).toEqual([]);
  expect(await listed('[{"name":"one"}]', 'model = "m"\n')).toEqual([]);
});
