import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Readiness } from '../../../src/domain/executor.ts';
import { ExecutorSettings } from '../../../src/domain/executorSettings.ts';
import { acpExecutors } from '../../../src/executors/acp/acp.ts';
import { scratch } from '../../process/running.ts';

async function probed(name: string, path: string, acp: unknown = {}): Promise<Readiness | undefined> {
  const settings = ExecutorSettings.parse({ acp });
  const environment = () => ({ PATH: `${path}:/usr/bin:/bin` });
  const found = acpExecutors({ clock: systemClock, settings: () => settings, environment });
  return found.find((executor) => executor.name === name)?.probe?.(new AbortController().signal);
}

it('finds an agent in PATH, with its version', async () => {
  const folder = await scratch();
  expect(await probed('gemini', folder)).toEqual({
    state: 'notInstalled',
    message:
      'The agent "gemini" is not here: gemini was not found. Install it (npm install -g @google/gemini-cli), ' +
      'or set its command in the settings of executors.',
  });
  await writeFile(join(folder, 'gemini'), '#!/bin/sh\necho "gemini 0.61.0 (of today)"\n');
  expect(await probed('gemini', folder)).toMatchObject({ state: 'notInstalled' });
  await chmod(join(folder, 'gemini'), 0o755);
  expect(await probed('gemini', folder)).toEqual({ state: 'ready', version: '0.61.0' });
});

it("takes the user's agent for one of its name, and starts nothing to look at it", async () => {
  const folder = await scratch();
  expect(await probed('gemini', folder, { gemini: { command: ['/bin/sh', '-c', 'exit 1'] } })).toEqual({
    state: 'ready',
  });
  expect(await probed('mine', folder, { mine: { command: ['nowhere'] } })).toMatchObject({ state: 'notInstalled' });
  expect(await probed('theirs', folder)).toBeUndefined();
});
