import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { run } from '../../../src/process/spawn.ts';
import { layGround, type Ground } from '../ground.ts';
import { describeWith } from './withProgram.ts';

/** The probes for a sign-in that README.md of this folder tells of: what they say, and by which exit code. */
let ground: Ground;
beforeEach(() => void (ground = layGround()));
afterEach(() => ground.remove());

async function ask(file: string, args: readonly string[], env: Readonly<Record<string, string>>, stdin = '') {
  const { home, temporary, repository: cwd } = ground;
  const base = { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: temporary };
  const done = await run({ file, args, cwd, env: { ...base, ...env }, stdin }, systemClock);
  if (!done.ok) throw new Error(done.error.message);
  const { ending, stdout, stderr } = done.value;
  return { ending, stdout: stdout.toString(), stderr: stderr.toString() };
}

const exited = (exitCode: number) => ({ kind: 'exited', exitCode });

describeWith('codex', (executable) => {
  it('tells by its exit code whether somebody signed in', async () => {
    const env = { CODEX_HOME: ground.config };
    const before = await ask(executable, ['login', 'status'], env);
    expect(before).toMatchObject({ ending: exited(1), stdout: '' });
    expect(before.stderr).toContain('Not logged in');
    await ask(executable, ['login', '--with-api-key'], env, 'nobodys-key-of-some-length\n');
    const after = await ask(executable, ['login', 'status'], env);
    expect(after.ending).toEqual(exited(0));
    expect(after.stderr).toMatch(/API key configured/);
  });
});

describeWith('claude', (executable) => {
  const status = ['auth', 'status', '--json'];

  it('tells as JSON, and by its exit code, whether somebody signed in', async () => {
    const env = { CLAUDE_CONFIG_DIR: ground.config };
    const none = await ask(executable, status, env);
    expect(none.ending).toEqual(exited(1));
    expect(JSON.parse(none.stdout)).toMatchObject({ loggedIn: false, authMethod: 'none' });
    const key = await ask(executable, status, { ...env, ANTHROPIC_API_KEY: 'nobodys-key' });
    expect(key.ending).toEqual(exited(0));
    expect(JSON.parse(key.stdout)).toMatchObject({ loggedIn: true, authMethod: 'api_key' });
    const token = await ask(executable, status, { ...env, CLAUDE_CODE_OAUTH_TOKEN: 'nobodys-token' });
    expect(JSON.parse(token.stdout)).toMatchObject({ loggedIn: true, authMethod: 'oauth_token' });
  });
});
