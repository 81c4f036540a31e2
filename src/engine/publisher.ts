import type { Clock } from '../base/clock.ts';
import { Lane } from '../base/lane.ts';
import { err, never, ok, type Result } from '../base/result.ts';
import type { ObjectId, JobId } from '../domain/ids.ts';
import type { SucceededJob } from '../domain/job.ts';
import { branchAt } from '../git/branch.ts';
import { compareUrl, forgeOf } from '../git/forge.ts';
import { describe, type GitError } from '../git/git.ts';
import { branchOfHead } from '../git/headBranch.ts';
import { pushRemoteOf, withoutCredentials, type PushRemote } from '../git/pushRemote.ts';
import type { CallInput, CallOutput } from '../protocol/calls.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Vault } from '../store/vault.ts';
import type { Delivery } from './delivery.ts';
import { openPullRequest, type GhAnswer } from './gh.ts';
import { pullRequestOf, type PullRequest } from './pullRequest.ts';
import type { Sources } from './sources.ts';

export interface PublisherOptions {
  readonly store: JobStore;
  readonly vault: Vault;
  readonly sources: Sources;
  readonly delivery: Delivery;
  readonly clock: Clock;
}

type Answer<T> = Promise<Result<T, RelayError>>;

/** How long a push may take, with the user's hooks. */
const PUSH_MS = 600_000;

/** Brings a job's branch to the user's remote, and opens a pull request for it: as the user would, and for persons alone. */
export class Publisher {
  readonly #options: PublisherOptions;
  /** One at a time: two would open two pull requests. */
  readonly #lane = new Lane();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  publish(input: CallInput<'publish'>): Answer<CallOutput<'publish'>> {
    if (input.origin === 'mcp') {
      return Promise.resolve(err(relayError('refused', 'Only a person may push a branch and open a pull request.')));
    }
    return this.#lane.run(() => this.#publish(input));
  }

  async #publish({ jobId, origin, open }: CallInput<'publish'>): Answer<CallOutput<'publish'>> {
    const { store, vault, clock } = this.#options;
    const found = await this.#job(jobId);
    if (!found.ok) return found;
    const told = await pullRequestOf(found.value, vault);
    if (!told.ok) return told;
    // Where it could not go anywhere, no branch is made for it.
    const remote = await this.#remoteFor(found.value);
    if (!remote.ok) return remote;
    const branch = await this.#branchOf(found.value, origin);
    if (!branch.ok) return branch;
    const { name, commit } = branch.value;
    const pushed = await this.#push(found.value, remote.value, name, commit);
    if (!pushed.ok) return pushed;
    const way: Way = { job: found.value, remote: remote.value, branch: name, told: told.value };
    const answer = open === 'gh' ? await this.#open(way) : undefined;
    const url = answer?.kind === 'opened' || answer?.kind === 'existing' ? answer.url : found.value.published?.url;
    const publication = {
      branch: name,
      commit,
      remote: withoutCredentials(remote.value.name),
      ...(url === undefined ? {} : { url }),
    };
    const noted = await store.append(jobId, { type: 'published', ...publication, by: origin }, clock.now());
    if (!noted.ok) return err(relayError(noted.error.kind, noted.error.message));
    const what = `Pushed "${name}" (${commit.slice(0, 12)}) to "${publication.remote}".`;
    const page = pageFor(way);
    const message = `${what} ${messageOf(answer, page)}`.trim();
    return ok({ ...publication, ...(page === undefined ? {} : { page }), message });
  }

  async #job(jobId: JobId): Answer<SucceededJob> {
    const job = await this.#options.store.get(jobId);
    if (!job.ok) return err(relayError(job.error.kind, job.error.message));
    if (job.value.state === 'SUCCEEDED') return ok(job.value);
    const why = `Job ${jobId} is ${job.value.state}: only a SUCCEEDED job has a proven patch.`;
    return err(relayError('illegal', why));
  }

  /** The branch as it is now, with what the user has added to it; made where the patch is nowhere yet. */
  async #branchOf(
    { id: jobId, delivery, workspace }: SucceededJob,
    origin: CallInput<'publish'>['origin'],
  ): Answer<{ readonly name: string; readonly commit: ObjectId }> {
    if (delivery.state === 'none' || delivery.state === 'undone') {
      const made = await this.#options.delivery.apply({ jobId, origin, dryRun: false, branch: { from: 'baseline' } });
      if (!made.ok) return made;
      return made.value.branch === undefined
        ? err(relayError('internal', `Job ${jobId} came to no branch.`))
        : ok(made.value.branch);
    }
    if (delivery.branch === undefined || delivery.state !== 'applied') {
      const why =
        delivery.branch === undefined
          ? `The patch of job ${jobId} is in the working tree. Undo it, then publish it; or commit and push it yourself.`
          : `Job ${jobId} is in the middle of a delivery (${delivery.state}). Restart the relay: it ends what was cut off.`;
      return err(relayError('illegal', why));
    }
    const { branch: name } = delivery;
    const there = await branchAt({ git: this.#options.sources.theirs, directory: workspace, name });
    if (!there.ok) return err(relayError('blocked', there.error.message));
    if (there.value !== undefined) return ok({ name, commit: there.value });
    return err(
      relayError('blocked', `The branch "${name}" is not there any more. Undo job ${jobId}, then publish it again.`),
    );
  }

  async #remoteFor({ workspace, onBranch }: SucceededJob): Answer<PushRemote> {
    const { theirs } = this.#options.sources;
    const branch = onBranch ?? (await branchOfHead(theirs, workspace));
    const remote = await pushRemoteOf(theirs, workspace, branch);
    if (!remote.ok) return err(relayError('blocked', remote.error.message));
    if (remote.value !== undefined) return ok(remote.value);
    const why = `"${workspace}" has no remote that a branch could be pushed to. Add one: git remote add origin URL`;
    return err(relayError('blocked', why));
  }

  /** The commit and no other; never forced, and without whatever else the configuration would push along. */
  async #push(
    { workspace }: SucceededJob,
    { name: remote }: PushRemote,
    branch: string,
    commit: ObjectId,
  ): Answer<void> {
    const { sources, clock } = this.#options;
    const late = new AbortController();
    const timer = clock.after(PUSH_MS, () => late.abort());
    const args = [
      'push',
      '--no-follow-tags',
      '--recurse-submodules=no',
      '--',
      remote,
      `${commit}:refs/heads/${branch}`,
    ];
    const done = await sources.remote.run(args, { cwd: workspace, signal: late.signal });
    timer.dispose();
    if (done.ok) return ok(undefined);
    const what = `The branch "${branch}" could not be pushed to "${withoutCredentials(remote)}"`;
    return err(
      relayError(
        'blocked',
        `${what}: ${wordsOf(done.error)}. Put that right (git push says the same), then publish again.`,
      ),
    );
  }

  async #open({ job, remote, branch, told }: Way): Promise<GhAnswer> {
    const { sources, clock } = this.#options;
    // Where there are several remotes, the pull request may be for another one than the branch was pushed to.
    const owner = remote.among > 1 ? forgeOf(remote.url)?.owner : undefined;
    const request = {
      directory: job.workspace,
      environment: sources.remoteEnvironment,
      title: told.title,
      body: told.body,
      base: baseOf(told),
      head: owner === undefined ? branch : `${owner}:${branch}`,
    };
    return openPullRequest(request, clock);
  }
}

interface Way {
  readonly job: SucceededJob;
  readonly remote: PushRemote;
  readonly branch: string;
  readonly told: PullRequest;
}

/** A commit is no branch that anything could be merged into. */
function baseOf({ base, baseline }: PullRequest): string | undefined {
  return base === baseline ? undefined : base;
}

function pageFor({ remote, branch, told }: Way): string | undefined {
  const forge = forgeOf(remote.url);
  return forge === undefined ? undefined : compareUrl(forge, baseOf(told), branch);
}

function messageOf(answer: GhAnswer | undefined, page: string | undefined): string {
  const byHand = page === undefined ? '' : ` By hand: ${page}`;
  if (answer === undefined) return page === undefined ? '' : `A pull request is begun at ${page}`;
  switch (answer.kind) {
    case 'opened':
      return `Its pull request: ${answer.url}`;
    case 'existing':
      return `It has a pull request already: ${answer.url}`;
    case 'absent':
      return `No pull request was opened, because there is no gh: install it (https://cli.github.com) and sign in (gh auth login), then publish again.${byHand}`;
    case 'failed':
      return `gh opened no pull request: ${answer.words.replace(/\.$/, '')}. Do what it says (not signed in: gh auth login), then publish again.${byHand}`;
    default:
      return never(answer);
  }
}

/** Git's words of a push, with what hooks and the other side said, and without its hints. */
function wordsOf(error: GitError): string {
  if (error.kind !== 'failed') return describe(error);
  const lines = error.stderr.split('\n').map((line) => line.trim());
  const words = lines.filter((line) => line !== '' && !line.startsWith('hint:')).slice(-6);
  return withoutCredentials(words.join(' ')) || `git ended with exit code ${String(error.exitCode)}`;
}
