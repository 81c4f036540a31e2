import { MARK } from './mark.ts';

export interface EnvironmentOptions {
  /** The temporary directory of the attempt. */
  readonly temporary: string;
  /** The attempt's mark: `<recordId>/<jobId>/<attempt>`. */
  readonly mark: string;
  /** More names to let through, by the user's setting (an agent's API key). */
  readonly extra?: readonly string[];
  readonly platform?: NodeJS.Platform;
}

const ALLOWED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|XDG_[A-Z_]+|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|CODEX_HOME)$/;
const PROXY = /^(?:https?|ftp|all|no)_proxy$/i;
/** Names on Windows are the same in either case; without these, most programs there do not start. */
const WINDOWS =
  /^(?:SystemRoot|windir|SystemDrive|ComSpec|PATHEXT|PATH|APPDATA|LOCALAPPDATA|USERPROFILE|USERNAME|USERDOMAIN|HOMEDRIVE|HOMEPATH|ProgramData|ALLUSERSPROFILE|PUBLIC|OS|NUMBER_OF_PROCESSORS|PROCESSOR_ARCHITECTURE|PSModulePath|(?:Common)?Program(?:Files(?:\(x86\))?|W6432))$/i;
/** What belongs to the process that hosts the relay: never let through, not even by the setting. */
const NEVER = /^(?:XDG_RUNTIME_DIR|RELAY_ATTEMPT|(?:npm|GIT|VSCODE|ELECTRON)_.*)$/i;

export function isNeverLetThrough(name: string): boolean {
  return NEVER.test(name);
}

/**
 * The environment of executors, setup and gates: an allow-list over the relay's own, so that neither a token nor the state
 * of an editor, of npm or of git leaks into what runs or changes its result.
 */
export function executorEnvironment(
  from: Readonly<Record<string, string | undefined>>,
  { temporary, mark, extra = [], platform = process.platform }: EnvironmentOptions,
): Record<string, string> {
  const isWindows = platform === 'win32';
  const fold = (name: string): string => (isWindows ? name.toUpperCase() : name);
  const asked = new Set(extra.map(fold));
  const isLetThrough = (name: string): boolean =>
    ALLOWED.test(name) || PROXY.test(name) || (isWindows && WINDOWS.test(name)) || asked.has(fold(name));
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && isLetThrough(name) && !isNeverLetThrough(name)) env[name] = value;
  }
  // A terminal that can do nothing: no colours, no pager, no redrawn lines in a log.
  return { ...env, TERM: 'dumb', TMPDIR: temporary, TEMP: temporary, TMP: temporary, [MARK]: mark };
}
