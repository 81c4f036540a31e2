import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { installInto } from '../install.ts';

const isOffline = Object.values(inject('agents') ?? {}).some((found) => 'missing' in found);

let cache: string;
beforeEach(() => (cache = temporaryDirectory()));
afterEach(() => removeDirectory(cache));

it.skipIf(isOffline)('leaves nothing of a version that there is not, and says which', async () => {
  const done = await installInto(cache, 'codex', { package: '@openai/codex', version: '0.0.0-none', bin: 'codex' });
  expect(done).toMatchObject({ ok: false, error: { kind: 'broken' } });
  expect(JSON.stringify(done)).toContain('@openai/codex@0.0.0-none could not be installed from npm');
  expect(readdirSync(cache)).toEqual(['lock']);
});

it.skipIf(isOffline)('takes no package for whole that lacks its program', async () => {
  const done = await installInto(cache, 'zod', { package: 'zod', version: '4.6.7', bin: 'zod' });
  expect(done).toMatchObject({ ok: false, error: { kind: 'broken' } });
  expect(JSON.stringify(done)).toContain('it has no zod');
  expect(readdirSync(cache)).toEqual(['lock']);
});
