import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openHost } from '../../src/host.ts';
import { demonstrate } from './demonstration.ts';

const assets = dirname(createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm'));

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'relay-start-'));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

it('shows a newcomer one task, again and again, and leaves nothing outside of its folder', async () => {
  const directory = join(scratch, 'sample');
  const environment = { ...process.env, HOME: join(scratch, 'nobody') };
  for (const time of ['first', 'second']) {
    let said = '';
    const write = (text: string): void => {
      said += text;
    };
    const succeeded = await demonstrate({ directory, shownAs: 'sample', assets, write, environment });
    expect(succeeded, time).toBe(true);
    for (const part of [
      /^ +\d\.\d\d s {2}QUEUED$/m,
      /^ +\d\.\d\d s {2}SUCCEEDED$/m,
      /^ {2}pass {2}fidelity /m,
      /^ {2}pass {2}tests /m,
      /^ {2}pass {2}no deprecated calls /m,
      /^ {2}\+ {2}return Buffer\.from\(greeting\)\.length;$/m,
      /^ {2}npm run -s task-relay -- apply [a-z2-7]{6} --repo sample\/repo$/m,
    ]) {
      expect(said, time).toMatch(part);
    }
    expect(said, time).not.toMatch(/undefined|\{"/);
  }
  expect(await readdir(scratch)).toEqual(['sample']);
});

it('takes nothing away from an editor that has the sample open', async () => {
  const directory = join(scratch, 'sample');
  const options = { directory, shownAs: 'sample', assets, write: () => undefined, environment: process.env };
  await demonstrate(options);
  const environment = { ...process.env, XDG_CACHE_HOME: join(scratch, 'cache') };
  const window = await openHost({
    directory: join(directory, 'repo'),
    assets,
    mode: 'run',
    agentCommands: 'refuse',
    inEditor: true,
    version: '0',
    environment,
    clock: systemClock,
    log: silentLog,
  });
  if (!window.ok) throw new Error(window.error.message);
  await expect(demonstrate(options)).rejects.toThrow('The sample is open in an editor');
  expect(await window.value.relay.list({ limit: 1, offset: 0 })).toMatchObject({ ok: true, value: { total: 1 } });
  await window.value.close();
});
