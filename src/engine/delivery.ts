import { stat } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { Lane } from '../base/lane.ts';
import type { Log } from '../base/log.ts';
import { codeOf, err, messageOf, ok, type Result } from '../base/result.ts';
import type { JobEvent, Origin } from '../domain/event.ts';
import type { Digest, JobId } from '../domain/ids.ts';
import type { Job, SucceededJob } from '../domain/job.ts';
import { shown } from '../git/path.ts';
import { partOf } from '../git/selection.ts';
import type { CallInput } from '../protocol/calls.ts';
import { isInTheWay } from '../protocol/inTheWay.ts';
import type { DeliveryReport, Hunks } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Vault } from '../store/vault.ts';
import { onBranch, type BranchDelivery, type WantedBranch } from './branchDelivery.ts';
import { readBranchReceipt } from './branchReceipt.ts';
import {
  besides,
  hindrance,
  notApplicable,
  notBroughtBack,
  notUndoable,
  notUndone,
  notWritten,
} from './deliveryWords.ts';
import { findAll, isSame } from './fileState.ts';
import { keep, keptContent, readReceipt } from './keptContents.ts';
import { listed } from './listedPatch.ts';
import { planDelivery, type Plan } from './plan.ts';
import { fromOf, type Receipt } from './receipt.ts';
import { removeTemporary } from './rewrite.ts';
import { selected, type Selected } from './selected.ts';
import type { Sources } from './sources.ts';
import { changedIn, notAfter, notBefore } from './since.ts';
import { bringBack, clearFolders, placeOf, write, type NotBack } from './writing.ts';

export interface DeliveryOptions {
  readonly store: JobStore;
  readonly vault: Vault;
  readonly sources: Sources;
  readonly clock: Clock;
  readonly log: Log;
  /** For a patch that is to be a commit. */
  readonly branches: BranchDelivery;
}

type Answer<T = DeliveryReport> = Promise<Result<T, RelayError>>;

/**
 * Puts a proven patch, or a part of it, into the user's tree as one transaction: planned in a stage, journaled with a receipt
 * before the first write, and undone to the byte. Only files that are written can block it.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** One delivery at a time: two would not see each other's files. */
  readonly #lane = new Lane();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  apply({ jobId, origin, dryRun, chosen, unsaved, branch }: CallInput<'apply'>): Answer {
    return this.#inTurn(jobId, async (job) => {
      if (branch !== undefined) return this.#onBranch(job, origin, { target: branch, dryRun, chosen });
      const earlier = await this.#appliedOf(job);
      if (!earlier.ok) return earlier;
      const patch = await this.#patchOf(job);
      if (!patch.ok) return patch;
      const meant = selected(job, patch.value, chosen, earlier.value);
      if (!meant.ok) return meant;
      const plan = await this.#plan(job, meant.value, earlier.value, unsaved);
      if (!plan.ok) return plan;
      const report = [...plan.value.report];
      if (dryRun) return ok({ written: false, files: report });
      const hindered = report.filter(isInTheWay);
      if (hindered.length > 0) return err(hindrance(hindered));
      // Nothing to write, and nothing that an undo would take back.
      if (plan.value.files.length === 0) return ok({ written: false, files: report });
      return this.#deliver(job, origin, { plan: plan.value, meant: meant.value, earlier: earlier.value });
    });
  }

  undo({ jobId, origin, unsaved = [] }: CallInput<'undo'>): Answer {
    return this.#inTurn(jobId, async (job) => {
      const branch = onBranch(job.delivery);
      if (branch !== undefined) return this.#options.branches.undo(job, branch, origin);
      const { delivery } = job;
      if (delivery.state === 'none' || delivery.state === 'undone' || delivery.branch !== undefined)
        return err(relayError('illegal', notUndoable(job)));
      const receipt = await readReceipt(this.#options.vault, job.id, delivery.receipt);
      if (!receipt.ok) return receipt;
      const { workspace } = receipt.value;
      if (!(await isFolder(workspace)))
        return err(relayError('blocked', `"${workspace}" is not there: nothing can be undone in it.`));
      // One delivery at a time: where one is under way, the disk refused its end, and it goes on.
      const isBegun = delivery.state !== 'applied';
      const left = await notBefore(workspace, receipt.value.files);
      const changed = isBegun ? [] : await changedIn(workspace, receipt.value.files, left);
      const open = left.map((file) => shown(file.path)).filter((path) => unsaved.includes(path));
      if (changed.length > 0 || open.length > 0) return err(notUndone(changed, open));
      const started = isBegun ? ok(undefined) : await this.#note(job.id, { type: 'undoStarted', by: origin });
      if (!started.ok) return started;
      return this.#takeBack(job, receipt.value);
    });
  }

  /** Ends as undone only where nothing of ours is left: what could not be brought back is tried again. */
  async #takeBack({ id, delivery }: SucceededJob, receipt: Receipt): Answer {
    const back = await this.#restore(receipt, delivery.state === 'applying' ? 'from' : 'before');
    if (back.failed.length > 0) return err(notBroughtBack(back));
    const ended = await this.#note(id, { type: 'undone' });
    if (!ended.ok) return ended;
    const files = receipt.files.map((file) => ({ path: shown(file.path), verdict: 'clean' as const }));
    const message = besides(back, delivery);
    const done = { written: true, files: files.filter(({ path }) => !back.changed.includes(path)) };
    return ok(message === undefined ? done : { ...done, message });
  }

  /** A patch is in the tree or on a branch. */
  async #onBranch(job: SucceededJob, origin: Origin, wanted: Omit<WantedBranch, 'patch'>): Answer {
    if (job.delivery.state !== 'none' && job.delivery.state !== 'undone')
      return err(relayError('illegal', notApplicable(job)));
    const patch = await this.#patchOf(job);
    if (!patch.ok) return patch;
    const meant = selected(job, patch.value, wanted.chosen, undefined);
    if (!meant.ok) return meant;
    const { chosen, files, todo } = meant.value;
    const part = chosen === undefined ? patch.value : partOf(patch.value, files, todo);
    return this.#options.branches.apply(job, origin, { ...wanted, patch: part, chosen });
  }

  /** What of a proven patch can be chosen. */
  async hunks(jobId: JobId): Answer<Hunks> {
    const job = await this.#succeeded(jobId);
    if (!job.ok) return job;
    const artifact = patchArtifact(job.value);
    if (artifact === undefined) return ok({ files: [] });
    const patch = await this.#options.vault.read(artifact);
    if (!patch.ok) return err(relayError('io', patch.error.message));
    const receipt = await this.#receiptOf(job.value);
    return receipt.ok ? ok(listed(patch.value, receipt.value)) : receipt;
  }

  /** Whether only a part of a job's patch is applied: its receipt says so. */
  async partial(job: Job): Promise<{ readonly partial?: true }> {
    const receipt = await this.#receiptOf(job);
    return receipt.ok && receipt.value?.chosen !== undefined ? { partial: true } : {};
  }

  /** Of what is applied, wherever to. */
  async #receiptOf(job: Job): Answer<Pick<Receipt, 'chosen'> | undefined> {
    if (job.state !== 'SUCCEEDED' || job.delivery.state !== 'applied') return ok(undefined);
    const read = job.delivery.branch === undefined ? readReceipt : readBranchReceipt;
    return read(this.#options.vault, job.id, job.delivery.receipt);
  }

  /** At start: a delivery that a crash cut off is finished where all was written, and taken back where not. */
  async recover(jobId: JobId): Promise<void> {
    const done = await this.#inTurn(jobId, async (job) => {
      const { delivery } = job;
      if (delivery.state !== 'applying' && delivery.state !== 'undoing') return ok({ written: false, files: [] });
      if (delivery.branch !== undefined) return this.#options.branches.recover(job, delivery);
      const read = await readReceipt(this.#options.vault, job.id, delivery.receipt);
      if (!read.ok) return read;
      const receipt = read.value;
      if (!(await isFolder(receipt.workspace)))
        return err(relayError('blocked', `"${receipt.workspace}" is not there. It is looked for at the next start.`));
      const place = placeOf(this.#options.vault, receipt);
      for (const { path } of [...receipt.files, ...receipt.folders]) await removeTemporary(place, path);
      const written = receipt.files.filter((file) => !isSame(fromOf(file), file.after));
      const left = delivery.state === 'applying' ? await notAfter(receipt.workspace, written, receipt.files) : written;
      const isWhole = delivery.state === 'applying' && left.length === 0;
      if (!isWhole) return this.#takeBack(job, receipt);
      await clearFolders(receipt.workspace, written);
      const noted = await this.#note(job.id, { type: 'delivered' });
      return noted.ok ? ok({ written: false, files: [] }) : noted;
    });
    if (!done.ok) this.#options.log.write('error', 'a delivery is not recovered', { jobId, error: done.error.message });
  }

  /** With the job as it is when its turn comes. What the file system refuses is an answer, and no bug. */
  #inTurn(jobId: JobId, work: (job: SucceededJob) => Answer): Answer {
    return this.#lane.run(async () => {
      const job = await this.#succeeded(jobId);
      if (!job.ok) return job;
      try {
        return await work(job.value);
      } catch (thrown) {
        if (codeOf(thrown) === undefined) throw thrown;
        return err(relayError('io', `The working tree cannot be read or written: ${messageOf(thrown)}`));
      }
    });
  }

  async #succeeded(jobId: JobId): Answer<SucceededJob> {
    const job = await this.#options.store.get(jobId);
    if (!job.ok) return err(relayError(job.error.kind, job.error.message));
    if (job.value.state === 'SUCCEEDED') return ok(job.value);
    const why = `Job ${jobId} is ${job.value.state}: only a SUCCEEDED job has a proven patch.`;
    return err(relayError('illegal', why));
  }

  /** The receipt of what is applied of a patch already, where more of it can be. */
  async #appliedOf(job: SucceededJob): Answer<Receipt | undefined> {
    const { delivery } = job;
    if (delivery.state === 'none' || delivery.state === 'undone') return ok(undefined);
    if (delivery.state !== 'applied' || delivery.branch !== undefined)
      return err(relayError('illegal', notApplicable(job)));
    const receipt = await readReceipt(this.#options.vault, job.id, delivery.receipt);
    if (!receipt.ok || receipt.value.chosen !== undefined) return receipt;
    return err(relayError('illegal', notApplicable(job)));
  }

  async #patchOf(job: SucceededJob): Answer<Buffer> {
    const artifact = patchArtifact(job);
    if (artifact === undefined)
      return err(relayError('illegal', `Job ${job.id} changed nothing: there is no patch to apply.`));
    const patch = await this.#options.vault.read(artifact);
    return patch.ok ? patch : err(relayError('io', patch.error.message));
  }

  async #plan(
    job: SucceededJob,
    { patch, files, todo }: Selected,
    earlier: Receipt | undefined,
    unsaved: readonly string[] = [],
  ): Answer<Plan> {
    const { sources, vault } = this.#options;
    if (!(await isFolder(job.workspace)))
      return err(relayError('blocked', `"${job.workspace}" is not there any more: nothing can be applied to it.`));
    return planDelivery({
      sources,
      vault,
      job,
      patch,
      files,
      selection: todo,
      earlier,
      contentOf: (state) => (earlier === undefined ? Promise.resolve(NOTHING) : keptContent(vault, earlier, state)),
      unsaved: new Set(unsaved),
    });
  }

  async #deliver(job: SucceededJob, origin: Origin, { plan, meant, earlier }: Planned): Answer {
    const { vault } = this.#options;
    const kept = await keep(vault, receiptOf(job, { plan, meant, earlier }), plan.contents, earlier);
    if (!kept.ok) return kept;
    const { receipt, digest } = kept.value;
    const steps = receipt.files.filter((file) => !isSame(fromOf(file), file.after));
    const now = await findAll(
      job.workspace,
      steps.map(({ path }) => path),
    );
    const moved = steps.find((file, at) => !isSame(now[at]?.state ?? file.after, fromOf(file)));
    if (moved !== undefined) return err(relayError('blocked', `"${shown(moved.path)}" changed just now. Try again.`));
    const started = await this.#note(job.id, { type: 'deliveryStarted', receipt: digest, by: origin });
    if (!started.ok) return started;
    const written = await write(receipt, steps, plan.contents);
    if (!written.ok) {
      const back = await this.#restore(receipt, 'from');
      if (back.failed.length === 0) await this.#note(job.id, { type: 'undone' });
      return err(notWritten(written.error, back));
    }
    const ended = await this.#note(job.id, { type: 'delivered' });
    return ended.ok ? ok({ written: steps.length > 0, files: [...plan.report] }) : ended;
  }

  #restore(receipt: Receipt, to: 'before' | 'from'): Promise<NotBack> {
    return bringBack(placeOf(this.#options.vault, receipt), receipt, to, this.#options.log);
  }

  async #note(jobId: JobId, event: JobEvent): Answer<void> {
    const done = await this.#options.store.append(jobId, event, this.#options.clock.now());
    return done.ok ? ok(undefined) : err(relayError(done.error.kind, done.error.message));
  }
}

interface Planned {
  readonly plan: Plan;
  readonly meant: Selected;
  readonly earlier: Receipt | undefined;
}

const NOTHING = Buffer.alloc(0);

/** One receipt for all that is applied, whatever was applied first. */
function receiptOf(job: SucceededJob, { plan, meant, earlier }: Planned): Receipt {
  const known = new Set((earlier?.folders ?? []).map(({ path }) => path));
  const folders = [...(earlier?.folders ?? []), ...plan.folders.filter(({ path }) => !known.has(path))];
  return {
    jobId: job.id,
    workspace: job.workspace,
    files: [...plan.files],
    folders,
    ...(earlier === undefined ? {} : { foldersFrom: [...plan.folders] }),
    ...(meant.chosen === undefined ? {} : { chosen: [...meant.chosen] }),
  };
}

/** Nothing where the patch is empty. */
function patchArtifact({ outcome }: SucceededJob): Digest | undefined {
  const artifact = outcome.artifacts.find((one) => one.name === 'patch.diff');
  return artifact === undefined || artifact.bytes === 0 ? undefined : artifact.digest;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
