import { err, ok, type Result } from '../base/result.ts';
import { describe, type Git } from './git.ts';

/** Where a branch of the user's goes. */
export interface PushRemote {
  /** A remote's name, or a URL where the configuration has one in its place. */
  readonly name: string;
  /** What it is fetched from; the name itself where it is no remote's. */
  readonly url: string;
  /** How many remotes the repository has. */
  readonly among: number;
}

/**
 * The remote that git would push `onBranch` to: `branch.<name>.pushRemote`, `remote.pushDefault`, `branch.<name>.remote`,
 * else the only one, else `origin` (git-config(1)); undefined where there is none.
 */
export async function pushRemoteOf(
  theirs: Git,
  directory: string,
  onBranch: string | undefined,
): Promise<Result<PushRemote | undefined, { readonly message: string }>> {
  const told = await theirs.run(['config', '-z', '--list'], { cwd: directory });
  if (!told.ok) return err({ message: describe(told.error) });
  const settings = settingsIn(told.value.toString('utf8'));
  const remotes = new Map<string, string>();
  for (const [key, value] of settings) {
    const name = /^remote\.(.+)\.url$/s.exec(key)?.[1];
    if (name !== undefined) remotes.set(name, value);
  }
  const ofBranch = (key: string): string | undefined =>
    onBranch === undefined ? undefined : settings.get(`branch.${onBranch}.${key}`);
  const [only] = remotes.keys();
  const candidates = [
    ofBranch('pushremote'),
    settings.get('remote.pushdefault'),
    ofBranch('remote'),
    remotes.size === 1 ? only : undefined,
    remotes.has('origin') ? 'origin' : undefined,
  ];
  // A dot is the repository itself: a branch that follows another one of it goes nowhere.
  const name = candidates.find((one) => one !== undefined && one !== '' && one !== '.');
  return ok(name === undefined ? undefined : { name, url: remotes.get(name) ?? name, among: remotes.size });
}

/** The last value of each key. Git writes section and variable in lower case, and what stands between as it is. */
function settingsIn(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const entry of text.split('\0')) {
    const at = entry.indexOf('\n');
    if (at > 0) settings.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return settings;
}

/** A URL, or what tells of one, without the user and password in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/(\w+:\/\/)[^@/\s]+@/g, '$1');
}
