import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Readiness } from '../../../src/domain/executor.ts';
import { neededFlags } from '../../../src/executors/codex/arguments.ts';
import { probe } from '../../../src/executors/codex/probe.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { env } from '../../process/running.ts';
import { placeProgram } from '../player.ts';

let directory: string;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => removeDirectory(directory));

interface Answers {
  readonly version?: string;
  readonly flags?: readonly string[];
  /** Nothing where somebody has signed in. */
  readonly login?: string;
}

function probed(program: string, more: Readonly<Record<string, string>> = {}): Promise<Readiness> {
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  const signal = new AbortController().signal;
  return probe(
    { program, cwd: directory, env: { ...env, HOME: home, CODEX_HOME: home, ...more }, signal },
    systemClock,
  );
}

/** A program that answers as codex does. */
function codex({ version = 'codex-cli 0.169.0', flags = neededFlags, login }: Answers): string {
  const answers = {
    '--version': version,
    'exec --help': `Options:\n${flags.map((flag) => `      ${flag} <X>`).join('\n')}`,
  };
  const script = `const asked = process.argv.slice(2).join(' ');
if (asked === 'login status') {
  console.error(${JSON.stringify(login ?? 'Logged in using an API key')});
  process.exitCode = ${login === undefined ? '0' : '1'};
} else console.log(${JSON.stringify(answers)}[asked]);`;
  return placeProgram(directory, 'codex', script).file;
}

it('is ready where it has all that is needed, and somebody has signed in', async () => {
  expect(await probed(codex({}))).toEqual({ state: 'ready', version: '0.169.0' });
});

it('is not installed where nothing of the name is found', async () => {
  const found = await probed('codex-that-nobody-has');
  expect(found).toMatchObject({ state: 'notInstalled' });
  expect(JSON.stringify(found)).toMatch(/codex-that-nobody-has.*npm install -g @openai\/codex.*codex login/);
});

it('is too old where "codex exec" lacks what the relay asks for, and says what', async () => {
  const flags = neededFlags.filter((flag) => flag !== '--ephemeral').concat('--ephemeral-ish');
  const found = await probed(codex({ version: 'codex-cli 0.41.0', flags }));
  expect(found).toMatchObject({ state: 'tooOld', version: '0.41.0' });
  expect(JSON.stringify(found)).toContain('has no --ephemeral. Update it');
});

it('is not signed in where codex says so', async () => {
  const found = await probed(codex({ login: 'Not logged in' }));
  expect(found).toMatchObject({ state: 'notSignedIn', version: '0.169.0' });
  expect(JSON.stringify(found)).toContain('codex login');
});

it('needs no sign-in where the user has a provider of their own', async () => {
  const program = codex({ login: 'Not logged in' });
  mkdirSync(join(directory, 'home'));
  const config = join(directory, 'home', 'config.toml');
  writeFileSync(config, '# mine\nmodel_provider = "mine"\n[model_providers.mine]\nname = "mine"\n');
  expect(await probed(program)).toEqual({ state: 'ready', version: '0.169.0' });
  writeFileSync(config, 'model_provider = "openai"\n');
  expect(await probed(program)).toMatchObject({ state: 'notSignedIn' });
  writeFileSync(config, '[profiles.mine]\nmodel_provider = "mine"\n');
  expect(await probed(program)).toMatchObject({ state: 'notSignedIn' });
});

it('needs no sign-in where a key is let through', async () => {
  const program = codex({ login: 'Not logged in' });
  expect(await probed(program, { CODEX_API_KEY: 'nobodys-key' })).toEqual({ state: 'ready', version: '0.169.0' });
});

it('is broken where it answers otherwise, and says what it said', async () => {
  expect(await probed(codex({ version: 'a text editor 1.0' }))).toMatchObject({ state: 'broken' });
  const config = await probed(codex({ login: 'Error loading configuration: line 3' }));
  expect(config).toMatchObject({ state: 'broken', version: '0.169.0' });
  expect(JSON.stringify(config)).toContain('line 3');
});
