import type { Environment } from './git.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Never a prompt, an editor or a translated message; nothing of an outer git's; no lock on an index for show's sake. */
function base(inherited: Variables): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && !/^GIT_/i.test(name)) kept[name] = value;
  }
  return {
    ...kept,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_PAGER: 'cat',
    GIT_EDITOR: 'true',
  };
}

/**
 * For mirror, capture and checks: only the relay's own configuration file, so that nobody's configuration changes a
 * result. Objects are never fetched on the way.
 */
export function proofEnvironment(inherited: Variables, configFile: string): Environment {
  return {
    ...base(inherited),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: configFile,
    GIT_CONFIG_GLOBAL: configFile,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

/** For the user's own repository: their effective autocrlf, eol, filters, excludes and safe.directory. */
export function theirsEnvironment(inherited: Variables): Environment {
  return { ...base(inherited), GIT_NO_LAZY_FETCH: '1' };
}

/** How the user reaches their servers, where the environment says it: git prefers it to core.sshCommand. */
const SSH = ['GIT_SSH_COMMAND', 'GIT_SSH', 'GIT_SSH_VARIANT'] as const;

/**
 * For fetching from a git URL: the user's credentials, insteadOf, proxy and ssh; still without a prompt. Whatever ssh they
 * use, it is told to ask a program (OpenSSH 8.4 and newer), and that answers nothing; an older one finds no terminal.
 */
export function remoteEnvironment(inherited: Variables): Environment {
  const ssh: Record<string, string> = {};
  for (const name of SSH) {
    const value = inherited[name];
    if (value !== undefined) ssh[name] = value;
  }
  return { ...base(inherited), ...ssh, GIT_ASKPASS: 'true', SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' };
}
