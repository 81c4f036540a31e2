import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { neededOptions } from '../../../src/executors/claude/arguments.ts';
import { probeClaude } from '../../../src/executors/claude/probe.ts';
import { removeDirectory, temporaryDirectory } from '../../fixtures/repository.ts';
import { env } from '../../process/running.ts';
import { placeProgram } from '../player.ts';

let directory: string;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => removeDirectory(directory));

/** A program that answers as Claude Code does. */
function probe(answers: { readonly version?: string; readonly help?: string; readonly status?: string }) {
  const { version = '2.1.330 (Claude Code)', help = neededOptions.join('\n'), status = '{"loggedIn":true}' } = answers;
  const said = JSON.stringify({ '--version': version, '--help': help, auth: status });
  const { file } = placeProgram(directory, 'claude', `console.log((${said})[process.argv[2]]);`);
  return look(file);
}

function look(program: string) {
  return probeClaude({ program, env, clock: systemClock, signal: new AbortController().signal });
}

it('is ready', async () => {
  expect(await probe({})).toEqual({ state: 'ready', version: '2.1.330' });
});

it('is not signed in', async () => {
  const found = await probe({ status: '{"loggedIn":false,"authMethod":"none"}' });
  expect(found).toMatchObject({ state: 'notSignedIn', version: '2.1.330' });
  expect(found).toHaveProperty('message', expect.stringContaining('/login'));
});

it('is too old where it lacks an option that is needed, and says which', async () => {
  const found = await probe({ help: neededOptions.filter((option) => option !== '--restricted').join('\n') });
  expect(found).toMatchObject({ state: 'tooOld', version: '2.1.330' });
  expect(found).toHaveProperty('message', expect.stringMatching(/has no --restricted: update/));
});

it('is not installed', async () => {
  const found = await look('claude-that-is-nowhere');
  expect(found).toMatchObject({ state: 'notInstalled' });
  expect(found).toHaveProperty(
    'message',
    expect.stringMatching(/"claude-that-is-nowhere".*@anthropic-ai\/claude-code/),
  );
});

it.each([
  [{ version: 'hello' }, /tells no version/],
  [{ status: 'error: unknown command' }, /does not say whether somebody is signed in/],
])('is broken where it answers %j', async (answers, message) => {
  const found = await probe(answers);
  expect(found).toMatchObject({ state: 'broken' });
  expect(found).toHaveProperty('message', expect.stringMatching(message));
});
