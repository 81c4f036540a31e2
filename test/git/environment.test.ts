import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { remoteEnvironment } from '../../src/git/environment.ts';
import { Git } from '../../src/git/git.ts';
import { removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

/** A program in place of ssh that says who called it, and reaches nobody. */
function fakeSsh(name: string): string {
  const file = join(directory, 'bin', name);
  const says = `{ echo "$0"; printf '%s\\n' "$@"; env | grep ASKPASS | LC_ALL=C sort; } > "${directory}/called"; exit 1`;
  write(directory, { [`bin/${name}`]: `#!/bin/sh\n${says}\n` });
  chmodSync(file, 0o755);
  return file;
}

/** What was called in place of ssh, when git was to fetch by it. */
async function called(environment: Readonly<Record<string, string>>, config = ''): Promise<readonly string[]> {
  write(directory, { 'home/.gitconfig': config });
  const inherited = {
    PATH: `${join(directory, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: join(directory, 'home'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_DIR: '/nonexistent',
    ...environment,
  };
  const git = new Git(remoteEnvironment(inherited));
  expect(await git.run(['ls-remote', 'ssh://git@example.invalid/repo.git'], {})).toMatchObject({ ok: false });
  return existsSync(join(directory, 'called')) ? readFileSync(join(directory, 'called'), 'utf8').split('\n') : [];
}

describe('a fetch by ssh', () => {
  it('uses the ssh of the PATH, which may ask nobody', async () => {
    const ssh = fakeSsh('ssh');
    const said = await called({ SSH_ASKPASS: '/usr/bin/a-window' });
    expect(said).toContain(ssh);
    expect(said).toContain('git@example.invalid');
    expect(said).toEqual(expect.arrayContaining(['SSH_ASKPASS=false', 'SSH_ASKPASS_REQUIRE=force']));
  });

  it('uses what the user’s configuration names', async () => {
    fakeSsh('ssh');
    const theirs = fakeSsh('their-ssh');
    const said = await called({}, `[core]\n\tsshCommand = ${theirs} -i key\n`);
    expect(said.slice(0, 3)).toEqual([theirs, '-i', 'key']);
  });

  it('uses before that what their environment names', async () => {
    const configured = fakeSsh('configured');
    const theirs = fakeSsh('their-ssh');
    const config = `[core]\n\tsshCommand = ${configured}\n`;
    expect((await called({ GIT_SSH_COMMAND: `${theirs} -v` }, config)).slice(0, 2)).toEqual([theirs, '-v']);
    expect((await called({ GIT_SSH: theirs }))[0]).toBe(theirs);
  });
});
