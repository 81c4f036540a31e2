import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Chosen } from '../domain/chosen.ts';
import type { JobEvent, Origin } from '../domain/event.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Delivery, SucceededJob } from '../domain/job.ts';
import {
  branchAt,
  branchBelow,
  checkedOutIn,
  contains,
  createBranch,
  deleteBranch,
  isBranchName,
  removeBranchLock,
  symbolicTo,
  type BranchPlace,
} from '../git/branch.ts';
import { carry, commitIn } from '../git/branchCommit.ts';
import { describe } from '../git/git.ts';
import { personOf } from '../git/person.ts';
import type { Scratch } from '../git/scratch.ts';
import { underWay } from '../git/underWay.ts';
import type { BranchTarget, DeliveryReport, FileDelivery } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Vault } from '../store/vault.ts';
import { planBranch } from './branchPlan.ts';
import { keepBranchReceipt, readBranchReceipt, type BranchReceipt } from './branchReceipt.ts';
import { messageIn, pullRequestOf, type PullRequest } from './pullRequest.ts';
import type { Sources } from './sources.ts';

export interface BranchDeliveryOptions {
  readonly store: JobStore;
  readonly vault: Vault;
  readonly sources: Sources;
  readonly clock: Clock;
}

type Answer = Promise<Result<DeliveryReport, RelayError>>;
type OnBranch = Exclude<Delivery, { state: 'none' }>;

/** The delivery, where there is a branch that an undo can take back. */
export function onBranch(delivery: Delivery): OnBranch | undefined {
  const isThere = delivery.state === 'applied' || delivery.state === 'undoing';
  return isThere && delivery.branch !== undefined ? delivery : undefined;
}

/**
 * Makes a proven patch a commit on a branch of its own in the user's repository. Neither HEAD, index nor working tree is
 * touched: the one thing that comes about is the branch, at once, or nothing does. Its caller takes turns (delivery.ts).
 */
export class BranchDelivery {
  readonly #options: BranchDeliveryOptions;

  constructor(options: BranchDeliveryOptions) {
    this.#options = options;
  }

  async apply(job: SucceededJob, origin: Origin, wanted: WantedBranch): Answer {
    const told = await pullRequestOf(job, this.#options.vault);
    if (!told.ok) return told;
    const place = await this.#placeFor(job, told.value);
    const free = await inTheWay(place);
    if (!free.ok) return free;
    const scratch = await this.#options.sources.scratch(job);
    if (!scratch.ok) return err(relayError('blocked', scratch.error.message));
    try {
      return await this.#commit(job, origin, { ...wanted, place, scratch: scratch.value, told: told.value });
    } finally {
      await scratch.value.dispose();
    }
  }

  /** Deletes the branch, unless there is anything on it or in it of the user's. */
  async undo(job: SucceededJob, delivery: OnBranch, origin: Origin): Answer {
    const receipt = await readBranchReceipt(this.#options.vault, job.id, delivery.receipt);
    if (!receipt.ok) return receipt;
    const place = this.#placeOf(receipt.value);
    const there = await branchAt(place);
    if (!there.ok) return err(relayError('blocked', there.error.message));
    const kept = await reasonToKeep(place, there.value, receipt.value.commit);
    if (kept !== undefined) return err(relayError('blocked', kept));
    if (delivery.state !== 'undoing') {
      const started = await this.#note(job, { type: 'undoStarted', by: origin });
      if (!started.ok) return started;
    }
    const gone = there.value === undefined ? ok(undefined) : await deleteBranch(place, receipt.value.commit);
    if (!gone.ok) {
      const why = `The branch "${place.name}" could not be deleted: ${gone.error.message}. Undo it again.`;
      return err(relayError('blocked', why));
    }
    const ended = await this.#note(job, { type: 'undone' });
    if (!ended.ok) return ended;
    const { branch: name, commit } = receipt.value;
    return ok({ written: there.value !== undefined, files: [], branch: { name, commit }, ...stays(job) });
  }

  /** At start: what was cut off has happened where the branch stands, and has not where it does not. */
  async recover(job: SucceededJob, delivery: OnBranch): Answer {
    const receipt = await readBranchReceipt(this.#options.vault, job.id, delivery.receipt);
    if (!receipt.ok) return receipt;
    const place = this.#placeOf(receipt.value);
    const repository = await this.#options.sources.repository(receipt.value.workspace);
    if (!repository.ok) return err(relayError('blocked', repository.error.message));
    await removeBranchLock(repository.value.commonDir, place.name);
    const there = await branchAt(place);
    if (!there.ok) return err(relayError('blocked', there.error.message));
    const stands = there.value === receipt.value.commit;
    if (delivery.state === 'undoing' && stands) {
      const kept = await reasonToKeep(place, there.value, receipt.value.commit);
      const gone = kept === undefined ? await deleteBranch(place, receipt.value.commit) : err({ message: kept });
      if (!gone.ok) return err(relayError('blocked', gone.error.message));
    }
    // What the user has committed on it since is theirs, and no reason to take it for another's.
    const isMade = there.value !== undefined && (stands || (await contains(place, there.value, receipt.value.commit)));
    const done = delivery.state === 'applying' && isMade ? 'delivered' : 'undone';
    const noted = await this.#note(job, { type: done });
    return noted.ok ? ok({ written: false, files: [] }) : noted;
  }

  async #commit(job: SucceededJob, origin: Origin, options: CommitOptions): Answer {
    const { place, scratch, told, target, dryRun, patch, chosen } = options;
    const proven = chosen === undefined ? job.outcome.resultTree : undefined;
    const question = { job, patch, proven, target, vault: this.#options.vault };
    const plan = await planBranch(this.#options.sources, scratch, question);
    if (!plan.ok) return plan;
    const { tree, parent, report } = plan.value;
    if (dryRun) return ok({ written: false, files: [...report] });
    if (tree === undefined) return err(conflict(place.name, report));
    const commit = await this.#write(job, scratch, { tree, parent, message: messageIn(told, job.id) });
    if (!commit.ok) return commit;
    const made = await this.#deliver(job, origin, { place, scratch, parent, commit: commit.value, chosen });
    if (!made.ok) return made;
    return ok({ written: true, files: [...report], branch: { name: place.name, commit: commit.value } });
  }

  async #write(
    job: SucceededJob,
    scratch: Scratch,
    parts: { readonly tree: ObjectId; readonly parent: ObjectId; readonly message: string },
  ): Promise<Result<ObjectId, RelayError>> {
    const { sources, clock } = this.#options;
    const author = await personOf(sources.theirs, job.workspace, 'AUTHOR');
    if (!author.ok) return err(relayError('blocked', author.error.message));
    const committer = await personOf(sources.theirs, job.workspace, 'COMMITTER');
    if (!committer.ok) return err(relayError('blocked', committer.error.message));
    const persons = { author: author.value, committer: committer.value };
    const made = await commitIn(scratch, { ...parts, ...persons, at: clock.now() });
    return made.ok ? made : err(relayError('internal', describe(made.error)));
  }

  /** The receipt first; then objects that nothing leads to; then the branch, in one step. */
  async #deliver(job: SucceededJob, origin: Origin, made: Made): Promise<Result<void, RelayError>> {
    const { place, scratch, parent, commit } = made;
    const receipt: BranchReceipt = {
      kind: 'branch',
      jobId: job.id,
      workspace: job.workspace,
      branch: place.name,
      commit,
      parent,
      ...(made.chosen === undefined ? {} : { chosen: [...made.chosen] }),
    };
    const kept = await keepBranchReceipt(this.#options.vault, receipt);
    if (!kept.ok) return kept;
    const started = await this.#note(job, {
      type: 'deliveryStarted',
      receipt: kept.value,
      by: origin,
      branch: place.name,
    });
    if (!started.ok) return started;
    const carried = await carry(scratch, place, made);
    const created = carried.ok
      ? await createBranch(place, commit, `relay: job ${job.id}`)
      : err({ message: describe(carried.error) });
    if (created.ok) return this.#note(job, { type: 'delivered' });
    await this.#note(job, { type: 'undone' });
    return err(relayError('blocked', `The branch "${place.name}" could not be made: ${created.error.message}`));
  }

  /** What was redacted of a title may be no name for a branch. */
  async #placeFor(job: SucceededJob, { branch }: PullRequest): Promise<BranchPlace> {
    const git = this.#options.sources.theirs;
    const isUsable = branch.startsWith('relay/') && (await isBranchName(git, branch));
    return { git, directory: job.workspace, name: isUsable ? branch : `relay/task-${job.id.slice(0, 6)}` };
  }

  #placeOf({ workspace, branch }: BranchReceipt): BranchPlace {
    return { git: this.#options.sources.theirs, directory: workspace, name: branch };
  }

  async #note(job: SucceededJob, event: JobEvent): Promise<Result<void, RelayError>> {
    const done = await this.#options.store.append(job.id, event, this.#options.clock.now());
    return done.ok ? ok(undefined) : err(relayError(done.error.kind, done.error.message));
  }
}

/** What is to become of which part of a patch. */
export interface WantedBranch {
  readonly target: BranchTarget;
  readonly dryRun: boolean;
  readonly patch: Buffer;
  /** Missing where `patch` is the whole one. */
  readonly chosen: readonly Chosen[] | undefined;
}

interface CommitOptions extends WantedBranch {
  readonly place: BranchPlace;
  readonly scratch: Scratch;
  readonly told: PullRequest;
}

interface Made {
  readonly place: BranchPlace;
  readonly scratch: Scratch;
  readonly parent: ObjectId;
  readonly commit: ObjectId;
  readonly chosen: readonly Chosen[] | undefined;
}

/** A branch of the name, or one that leaves no place for it. */
async function inTheWay(place: BranchPlace): Promise<Result<void, RelayError>> {
  for (const name of [place.name, 'relay']) {
    const there = await branchAt({ ...place, name });
    if (!there.ok) return err(relayError('blocked', there.error.message));
    if (there.value === undefined) continue;
    const why = `There is a branch "${name}" already (at ${there.value.slice(0, 12)}), and it is not moved. Rename it (git branch -m ${name} NEW) or delete it (git branch -D ${name}), then apply again.`;
    return err(relayError('blocked', why));
  }
  const below = await branchBelow(place);
  if (!below.ok) return err(relayError('blocked', below.error.message));
  if (below.value !== undefined) {
    const why = `The branch "${below.value}" leaves no place for "${place.name}". Rename it (git branch -m ${below.value} NEW) or delete it (git branch -D ${below.value}), then apply again.`;
    return err(relayError('blocked', why));
  }
  const other = await symbolicTo(place);
  if (other === undefined) return ok(undefined);
  const why = `"${place.name}" is a symbolic ref to "${other}" already. Delete it (git symbolic-ref -d refs/heads/${place.name}), then apply again.`;
  return err(relayError('blocked', why));
}

/** Why a branch is the user's by now; undefined where it is as it was made. */
async function reasonToKeep(place: BranchPlace, at: ObjectId | undefined, made: ObjectId): Promise<string | undefined> {
  if (at === undefined) return undefined;
  const other = await symbolicTo(place);
  if (other !== undefined) {
    return `The branch "${place.name}" is a symbolic ref to "${other}" by now, and that is yours. Delete it by "git symbolic-ref -d refs/heads/${place.name}", then undo again.`;
  }
  if (at !== made) {
    return `The branch "${place.name}" has moved since (it was ${made.slice(0, 12)}, it is ${at.slice(0, 12)}): what is on it now is yours. Delete it by "git branch -D ${place.name}" if nobody needs it, then undo again.`;
  }
  const out = await checkedOutIn(place);
  if (!out.ok) return out.error.message;
  if (out.value !== undefined) {
    return `The branch "${place.name}" is checked out in "${out.value}". Switch to another branch there, then undo again.`;
  }
  const busy = await underWay(place);
  if (!busy.ok) return busy.error.message;
  if (busy.value === undefined) return undefined;
  const { what, directory } = busy.value;
  const end = what === 'rebase' ? 'git rebase --continue or --abort' : 'git bisect reset';
  return `A ${what} of the branch "${place.name}" is under way in "${directory}". End it there (${end}), then undo again.`;
}

function conflict(name: string, report: readonly FileDelivery[]): RelayError {
  const paths = report.filter(({ verdict }) => verdict === 'conflict').map(({ path }) => `"${path}"`);
  const told =
    paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${String(paths.length - 5)} more` : paths.join(', ');
  const what = `The branch "${name}" was not made: HEAD has changed in the same places, in ${told}.`;
  return relayError('conflict', `${what} Leave the commit on its baseline, and merge it yourself.`);
}

function stays({ published }: SucceededJob): { readonly message?: string } {
  if (published === undefined) return {};
  const { remote, branch } = published;
  const message = `What was pushed stays: the branch "${branch}" of "${remote}" is deleted by "git push ${remote} --delete ${branch}".`;
  return { message };
}
