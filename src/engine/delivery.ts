import { mkdir, stat } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { Lane } from '../base/lane.ts';
import type { Log } from '../base/log.ts';
import { codeOf, err, messageOf, ok, type Result } from '../base/result.ts';
import type { JobEvent, Origin } from '../domain/event.ts';
import type { Digest, JobId } from '../domain/ids.ts';
import type { SucceededJob } from '../domain/job.ts';
import type { Git } from '../git/git.ts';
import { shown } from '../git/path.ts';
import type { CallInput } from '../protocol/calls.ts';
import type { DeliveryReport, FileDelivery } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Vault } from '../store/vault.ts';
import { onBranch, type BranchDelivery } from './branchDelivery.ts';
import { find, isSame, notFolder, type FileState } from './fileState.ts';
import { foreignIn, planDelivery, type Plan } from './plan.ts';
import { Receipt, type DeliveredFile } from './receipt.ts';
import { bring, bringFolders, inOrder, removeEmptyParents, removeTemporary, type Rewriting } from './rewrite.ts';

export interface DeliveryOptions {
  readonly store: JobStore;
  readonly vault: Vault;
  /** Git as the user has it. */
  readonly theirs: Git;
  /** A folder for stages. */
  readonly temporary: string;
  readonly clock: Clock;
  readonly log: Log;
  /** For a patch that is to be a commit. */
  readonly branches: BranchDelivery;
}

type Answer = Promise<Result<DeliveryReport, RelayError>>;

/**
 * Puts a proven patch into the user's tree as one transaction: planned in a stage, journaled with a receipt before the
 * first write, and undone to the byte. Only files that the patch touches can block it.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** One delivery at a time: two would not see each other's files. */
  readonly #lane = new Lane();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  apply({ jobId, origin, dryRun, branch }: CallInput<'apply'>): Answer {
    return this.#inTurn(jobId, async (job) => {
      const { state } = job.delivery;
      if (state !== 'none' && state !== 'undone') return err(relayError('illegal', notApplicable(job)));
      if (branch !== undefined) return this.#options.branches.apply(job, origin, branch, dryRun);
      const plan = await this.#plan(job);
      if (!plan.ok) return plan;
      const { report } = plan.value;
      if (dryRun) return ok({ written: false, files: [...report] });
      const hindered = report.filter((file) => file.verdict !== 'clean');
      if (hindered.length > 0) return err(hindrance(hindered));
      return this.#deliver(job, origin, plan.value);
    });
  }

  undo({ jobId, origin }: CallInput<'undo'>): Answer {
    return this.#inTurn(jobId, async (job) => {
      const branch = onBranch(job.delivery);
      if (branch !== undefined) return this.#options.branches.undo(job, branch, origin);
      if (job.delivery.state !== 'applied') return err(relayError('illegal', notUndoable(job)));
      const receipt = await this.#receiptOf(job.id, job.delivery.receipt);
      if (!receipt.ok) return receipt;
      const changed = await changedSince(receipt.value);
      if (changed.length > 0) {
        return err(
          relayError(
            'blocked',
            `Changed since the patch was applied: ${named(changed)}. Bring them back to what was applied, then undo again.`,
          ),
        );
      }
      const started = await this.#note(job.id, { type: 'undoStarted', by: origin });
      if (!started.ok) return started;
      await this.#restore(receipt.value);
      const ended = await this.#note(job.id, { type: 'undone' });
      if (!ended.ok) return ended;
      const files = receipt.value.files.map((file) => ({ path: shown(file.path), verdict: 'clean' as const }));
      return ok({ written: true, files });
    });
  }

  /** At start: a delivery that a crash cut off is finished where all was written, and taken back where not. */
  async recover(jobId: JobId): Promise<void> {
    const done = await this.#inTurn(jobId, async (job) => {
      const { delivery } = job;
      if (delivery.state !== 'applying' && delivery.state !== 'undoing') return ok({ written: false, files: [] });
      if (delivery.branch !== undefined) return this.#options.branches.recover(job, delivery);
      const receipt = await this.#receiptOf(job.id, delivery.receipt);
      if (!receipt.ok) return receipt;
      if (!(await isFolder(receipt.value.workspace))) {
        return err(
          relayError('blocked', `"${receipt.value.workspace}" is not there. It is looked for at the next start.`),
        );
      }
      const place = this.#placeOf(receipt.value);
      for (const { path } of receipt.value.files) await removeTemporary(place, path);
      const isWhole = delivery.state === 'applying' && (await changedSince(receipt.value)).length === 0;
      if (!isWhole) await this.#restore(receipt.value);
      const noted = await this.#note(job.id, { type: isWhole ? 'delivered' : 'undone' });
      return noted.ok ? ok({ written: !isWhole, files: [] }) : noted;
    });
    if (!done.ok) this.#options.log.write('error', 'a delivery is not recovered', { jobId, error: done.error.message });
  }

  /** With the job as it is when its turn comes. What the file system refuses is an answer, and no bug. */
  #inTurn(jobId: JobId, work: (job: SucceededJob) => Answer): Answer {
    return this.#lane.run(async () => {
      const job = await this.#options.store.get(jobId);
      if (!job.ok) return err(relayError(job.error.kind, job.error.message));
      if (job.value.state !== 'SUCCEEDED') {
        const why = `Job ${jobId} is ${job.value.state}: only a SUCCEEDED job has a proven patch.`;
        return err(relayError('illegal', why));
      }
      try {
        return await work(job.value);
      } catch (thrown) {
        if (codeOf(thrown) === undefined) throw thrown;
        return err(relayError('io', `The working tree cannot be read or written: ${messageOf(thrown)}`));
      }
    });
  }

  async #plan(job: SucceededJob): Promise<Result<Plan, RelayError>> {
    const { theirs, temporary, vault } = this.#options;
    const artifact = job.outcome.artifacts.find((one) => one.name === 'patch.diff');
    if (artifact === undefined || artifact.bytes === 0) {
      return err(relayError('illegal', `Job ${job.id} changed nothing: there is no patch to apply.`));
    }
    const patch = await vault.read(artifact.digest);
    if (!patch.ok) return err(relayError('io', patch.error.message));
    if (!(await isFolder(job.workspace))) {
      return err(relayError('blocked', `"${job.workspace}" is not there any more: nothing can be applied to it.`));
    }
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    return planDelivery({ theirs, temporary, workspace: job.workspace, patch: patch.value });
  }

  async #deliver(job: SucceededJob, origin: Origin, plan: Plan): Answer {
    const receipt: Receipt = {
      jobId: job.id,
      workspace: job.workspace,
      files: [...plan.files],
      folders: [...plan.folders],
    };
    const kept = await this.#keep(receipt, plan.contents);
    if (!kept.ok) return kept;
    for (const { path, before } of plan.files) {
      const now = await find(job.workspace, path);
      if (!isSame(now.state, before)) {
        return err(relayError('blocked', `"${shown(path)}" changed just now. Try again.`));
      }
    }
    const started = await this.#note(job.id, { type: 'deliveryStarted', receipt: kept.value, by: origin });
    if (!started.ok) return started;
    const written = await this.#write(receipt, plan.contents);
    if (!written.ok) {
      await this.#restore(receipt);
      await this.#note(job.id, { type: 'undone' });
      return written;
    }
    const ended = await this.#note(job.id, { type: 'delivered' });
    return ended.ok ? ok({ written: true, files: [...plan.report] }) : ended;
  }

  async #write(receipt: Receipt, contents: ReadonlyMap<Digest, Buffer>): Promise<Result<void, RelayError>> {
    const { workspace, files } = receipt;
    const place = {
      ...this.#placeOf(receipt),
      contentOf: (state: FileState) => Promise.resolve(contentIn(contents, state)),
    };
    const { leaving, coming } = inOrder(files.map((file) => ({ path: file.path, to: file.after })));
    try {
      for (const step of [...leaving, ...coming]) await bring(place, step);
      for (const step of leaving) if (step.to.kind === 'absent') await removeEmptyParents(workspace, step.path);
      return ok(undefined);
    } catch (thrown) {
      return err(
        relayError('io', `The patch could not be written, and what was written was taken back: ${messageOf(thrown)}`),
      );
    }
  }

  /** Brings back what was there before, wherever the delivery's own state still stands. */
  async #restore(receipt: Receipt): Promise<void> {
    const { workspace, files, folders } = receipt;
    const place = this.#placeOf(receipt);
    const steps = inOrder(files.map((file) => ({ path: file.path, to: file.before, from: file.after })));
    await this.#bringBack(place, steps.leaving);
    await bringFolders(workspace, folders);
    await this.#bringBack(place, steps.coming);
  }

  /** One file that cannot be brought back stops none of the others. */
  async #bringBack(
    place: Rewriting,
    steps: readonly { readonly path: string; readonly to: FileState; readonly from: FileState }[],
  ): Promise<void> {
    for (const step of steps) {
      try {
        const now = await find(place.root, step.path);
        const isOurs = isSame(now.state, step.from) || (now.state.kind === 'absent' && step.from.kind === 'folder');
        if (isOurs) await bring(place, step);
      } catch (thrown) {
        const fields = { path: shown(step.path), error: messageOf(thrown) };
        this.#options.log.write('error', 'a file could not be brought back', fields);
      }
    }
  }

  #placeOf({ jobId, workspace }: Receipt): Rewriting {
    return {
      root: workspace,
      temporary: `.relay-${jobId}`,
      contentOf: async (state) => {
        if (state.kind !== 'file' && state.kind !== 'link') return Buffer.alloc(0);
        const content = await this.#options.vault.read(state.digest);
        if (content.ok) return content.value;
        throw new Error(content.error.message);
      },
    };
  }

  async #receiptOf(jobId: JobId, digest: Digest): Promise<Result<Receipt, RelayError>> {
    const bytes = await this.#options.vault.read(digest);
    if (!bytes.ok) return err(relayError('io', bytes.error.message));
    const receipt = Receipt.safeParse(JSON.parse(bytes.value.toString('utf8')));
    return receipt.success
      ? ok(receipt.data)
      : err(relayError('internal', `The receipt of job ${jobId} cannot be read.`));
  }

  /** The receipt and every content that it names are in the vault before anything is written. */
  async #keep(receipt: Receipt, contents: ReadonlyMap<Digest, Buffer>): Promise<Result<Digest, RelayError>> {
    for (const content of contents.values()) {
      const stored = await this.#options.vault.put(content);
      if (!stored.ok) return err(relayError('io', stored.error.message));
    }
    const stored = await this.#options.vault.put(Buffer.from(JSON.stringify(receipt)));
    return stored.ok ? ok(stored.value.digest) : err(relayError('io', stored.error.message));
  }

  async #note(jobId: JobId, event: JobEvent): Promise<Result<void, RelayError>> {
    const done = await this.#options.store.append(jobId, event, this.#options.clock.now());
    return done.ok ? ok(undefined) : err(relayError(done.error.kind, done.error.message));
  }
}

/** What is not any more what a delivery made of it, by name. */
async function changedSince({ workspace, files }: Receipt): Promise<readonly string[]> {
  const touched = new Set(files.map((file) => file.path));
  const changed: string[] = [];
  for (const { path, after } of files) {
    const now = await find(workspace, path);
    const isGoneWithItsFolder = now.state.kind === 'absent' && (await notFolder(workspace, path)) !== undefined;
    const isExpected = after.kind === 'absent' && isGoneWithItsFolder ? isReplaced(path, files) : true;
    if (!isSame(now.state, after) || !isExpected) changed.push(shown(path));
    else if (after.kind === 'folder') {
      const foreign = await foreignIn(workspace, path, touched);
      if (foreign !== undefined) changed.push(shown(foreign));
    }
  }
  return changed;
}

/** Whether one of a path's folders became a file or a link by the delivery itself. */
function isReplaced(path: string, files: readonly DeliveredFile[]): boolean {
  return files.some((file) => path.startsWith(`${file.path}/`));
}

function contentIn(contents: ReadonlyMap<Digest, Buffer>, state: FileState): Buffer {
  return (state.kind === 'file' || state.kind === 'link' ? contents.get(state.digest) : undefined) ?? Buffer.alloc(0);
}

function notApplicable({ id, delivery }: SucceededJob): string {
  return delivery.state === 'applied'
    ? `Job ${id} is applied already. Undo it first to apply it again.`
    : `Job ${id} is in the middle of a delivery (${delivery.state}). Restart the relay: it ends what was cut off.`;
}

function notUndoable({ id, delivery }: SucceededJob): string {
  if (delivery.state === 'none') return `Job ${id} has not been applied: there is nothing to undo.`;
  if (delivery.state === 'undone') return `Job ${id} is undone already.`;
  return `Job ${id} is in the middle of a delivery (${delivery.state}). Restart the relay: it ends what was cut off.`;
}

function hindrance(files: readonly FileDelivery[]): RelayError {
  const kind = files.some((file) => file.verdict === 'blocked') ? 'blocked' : 'conflict';
  const told = files.map((file) => `"${file.path}" (${file.detail ?? file.verdict})`);
  return relayError(kind, `Nothing was written. In the way: ${named(told)}.`);
}

function named(paths: readonly string[]): string {
  return paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${String(paths.length - 5)} more` : paths.join(', ');
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
