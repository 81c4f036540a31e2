import type { Clock } from '../base/clock.ts';
import { withoutCredentials } from '../git/pushRemote.ts';
import { run } from '../process/spawn.ts';

/** A pull request that is to be opened by the user's `gh`, as they are signed in there. */
export interface GhRequest {
  readonly directory: string;
  /** All that it gets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly title: string;
  readonly body: string;
  readonly base: string | undefined;
  /** `branch`, or `owner:branch` of a fork. */
  readonly head: string;
}

/** `existing`: there was one already. `absent`: there is no gh. `failed`: in its own words. */
export type GhAnswer =
  | { readonly kind: 'opened' | 'existing'; readonly url: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly words: string };

const LIMIT_MS = 120_000;
const LONGEST_WORDS = 500;

/** Never with a prompt, nor a look for its own updates: https://cli.github.com/manual/gh_help_environment */
const QUIET = { GH_PROMPT_DISABLED: '1', GH_NO_UPDATE_NOTIFIER: '1', NO_COLOR: '1' } as const;

export async function openPullRequest(request: GhRequest, clock: Clock): Promise<GhAnswer> {
  const { directory, environment, title, body, base, head } = request;
  const onto = base === undefined ? [] : ['--base', base];
  const done = await run(
    {
      file: 'gh',
      args: ['pr', 'create', '--title', title, '--body-file', '-', ...onto, '--head', head],
      cwd: directory,
      env: { ...environment, ...QUIET },
      stdin: body,
      timeoutMs: LIMIT_MS,
    },
    clock,
  );
  if (!done.ok) return done.error.kind === 'notFound' ? { kind: 'absent' } : failed(done.error.message);
  const { ending, stdout, stderr } = done.value;
  const said = stderr.toString('utf8');
  if (ending.kind === 'timedOut') return failed(`it did not end within ${String(LIMIT_MS / 1000)} s`);
  if (ending.kind !== 'exited' || ending.exitCode !== 0) {
    const existing = /already exists:\s*(https?:\/\/\S+)/.exec(said)?.[1];
    return existing === undefined ? failed(said) : { kind: 'existing', url: existing };
  }
  const url = [...stdout.toString('utf8').matchAll(/https?:\/\/\S+/g)].at(-1)?.[0];
  return url === undefined ? failed(`it gave no URL (${said.trim()})`) : { kind: 'opened', url };
}

function failed(words: string): GhAnswer {
  const told = withoutCredentials(words).replace(/\s+/g, ' ').trim();
  return { kind: 'failed', words: told === '' ? 'it said nothing' : told.slice(0, LONGEST_WORDS) };
}
