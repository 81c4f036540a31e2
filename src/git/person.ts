import { err, ok, type Result } from '../base/result.ts';
import { describe, type Git } from './git.ts';

/** Who commits, as git writes it. `zone`: `+0200`. */
export interface Person {
  readonly name: string;
  readonly email: string;
  readonly zone: string;
}

/** Author and committer as the user's configuration has them: never a name that git makes up from the machine's. */
export async function personOf(
  theirs: Git,
  directory: string,
  role: 'AUTHOR' | 'COMMITTER',
): Promise<Result<Person, { readonly message: string }>> {
  const told = await theirs.text(['-c', 'user.useConfigOnly=true', 'var', `GIT_${role}_IDENT`], { cwd: directory });
  if (!told.ok && told.error.kind !== 'failed') return err({ message: describe(told.error) });
  const [, name = '', email = '', zone] = told.ok ? (/^(.*) <(.*)> \d+ ([+-]\d{4})$/.exec(told.value) ?? []) : [];
  if (zone !== undefined) return ok({ name, email, zone });
  return err({
    message:
      'git does not know who you are, so nobody could be the author of the commit. Run: git config --global user.name "Your Name"; git config --global user.email you@your.domain',
  });
}
