import { describe, expect, it } from 'vitest';
import { executorEnvironment } from '../../src/process/environment.ts';

const given = { temporary: '/slot/tmp', mark: 'r/j/1' } as const;
const own = { TERM: 'dumb', TMPDIR: '/slot/tmp', TEMP: '/slot/tmp', TMP: '/slot/tmp', RELAY_ATTEMPT: 'r/j/1' };

describe('executorEnvironment', () => {
  it('lets through what programs need', () => {
    const needed = {
      PATH: '/bin',
      HOME: '/home/me',
      USER: 'me',
      LOGNAME: 'me',
      SHELL: '/bin/zsh',
      LANG: 'C.UTF-8',
      LC_ALL: 'C',
      TZ: 'UTC',
      XDG_CACHE_HOME: '/c',
      SSL_CERT_FILE: '/ca',
      NODE_EXTRA_CA_CERTS: '/ca',
      CODEX_HOME: '/home/me/.codex',
      https_proxy: 'http://p',
      NO_PROXY: 'localhost',
    };
    expect(executorEnvironment(needed, { ...given, platform: 'linux' })).toEqual({ ...needed, ...own });
  });

  it('lets through nothing else', () => {
    const host = {
      GITHUB_TOKEN: 't',
      OPENAI_API_KEY: 'k',
      GIT_DIR: '/x',
      npm_config_https_proxy: 'http://p',
      npm_config_registry: 'r',
      VSCODE_IPC_HOOK: 'x',
      ELECTRON_RUN_AS_NODE: '1',
      XDG_RUNTIME_DIR: '/run',
      NODE_OPTIONS: '--inspect',
      LD_PRELOAD: 'x',
      TMPDIR: '/tmp',
      TERM: 'xterm',
      RELAY_ATTEMPT: 'other',
      LANG: undefined,
      MYPATH: 'x',
      SystemRoot: 'C:\\Windows',
    };
    expect(executorEnvironment(host, { ...given, platform: 'linux' })).toEqual(own);
  });

  it('lets through the names of the setting, but never the state of the editor, npm or git', () => {
    const host = {
      OPENAI_API_KEY: 'k',
      GIT_DIR: '/x',
      VSCODE_PID: '1',
      npm_token: 't',
      RELAY_ATTEMPT: 'x',
      openai_api_key: '2',
    };
    const extra = Object.keys(host).filter((name) => name !== 'openai_api_key');
    expect(executorEnvironment(host, { ...given, extra, platform: 'linux' })).toEqual({ OPENAI_API_KEY: 'k', ...own });
  });

  it('takes names in either case on Windows, and keeps how they are written', () => {
    const allowed = {
      Path: 'C:\\bin',
      SYSTEMROOT: 'C:\\Windows',
      'ProgramFiles(x86)': 'C:\\P',
      appdata: 'A',
      My_Key: 'k',
    };
    expect(
      executorEnvironment({ ...allowed, Secret: 's' }, { ...given, extra: ['MY_KEY'], platform: 'win32' }),
    ).toEqual({
      ...allowed,
      ...own,
    });
  });
});
