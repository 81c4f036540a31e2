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

/** For fetching from a git URL: the user's credentials, insteadOf and proxy; still without a prompt. */
export function remoteEnvironment(inherited: Variables): Environment {
  return { ...base(inherited), GIT_ASKPASS: 'true', SSH_ASKPASS: 'true', GIT_SSH_COMMAND: 'ssh -oBatchMode=yes' };
}
