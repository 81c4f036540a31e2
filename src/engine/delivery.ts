import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { Lane } from '../base/lane.ts';
import type { Log } from '../base/log.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { JobEvent, Origin } from '../domain/event.ts';
import type { Digest, JobId } from '../domain/ids.ts';
import type { SucceededJob } from '../domain/job.ts';
import { type Git } from '../git/git.ts';
import { shown, type BytePath } from '../git/path.ts';
import { applyInStage, dirtyPaths, touchedPaths } from '../git/tree.ts';
import type { DeliveryReport, FileDelivery } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Vault } from '../store/vault.ts';
import {
  diskPath,
  find,
  isSame,
  parentsAreFolders,
  put,
  removeEmptyParents,
  rootPath,
  type FileState,
} from './fileState.ts';
import { Receipt, type DeliveredFile } from './receipt.ts';

export interface DeliveryOptions {
  readonly store: JobStore;
  readonly vault: Vault;
  /** Git as the user has it. */
  readonly theirs: Git;
  /** A folder for stages. */
  readonly temporary: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** All that is known before the first write. */
interface Plan {
  readonly report: readonly FileDelivery[];
  readonly files: readonly DeliveredFile[];
  /** The content of each state, by its digest. */
  readonly contents: ReadonlyMap<Digest, Buffer>;
}

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

  apply(job: SucceededJob, origin: Origin, dryRun: boolean): Promise<Result<DeliveryReport, RelayError>> {
    return this.#lane.run(async () => {
      const plan = await this.#plan(job);
      if (!plan.ok) return plan;
      const { report } = plan.value;
      if (dryRun) return ok({ written: false, files: [...report] });
      const hindered = report.filter((file) => file.verdict !== 'clean');
      if (hindered.length > 0) return err(hindrance(hindered));
      return this.#deliver(job, origin, plan.value);
    });
  }

  undo(job: SucceededJob, origin: Origin): Promise<Result<DeliveryReport, RelayError>> {
    return this.#lane.run(async () => {
      const receipt = await this.#receiptOf(job);
      if (!receipt.ok) return receipt;
      const { files, workspace } = receipt.value;
      const changed: string[] = [];
      for (const file of files) {
        const now = await find(diskPath(workspace, file.path));
        if (!isSame(now.state, file.after)) changed.push(shown(file.path));
      }
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
      return ok({ written: true, files: files.map((file) => ({ path: shown(file.path), verdict: 'clean' })) });
    });
  }

  /** At start: a delivery that a crash cut off is finished where all was written, and taken back where not. */
  recover(job: SucceededJob): Promise<void> {
    return this.#lane.run(async () => {
      if (job.delivery.state !== 'applying' && job.delivery.state !== 'undoing') return;
      const receipt = await this.#receiptOf(job);
      if (!receipt.ok) {
        this.#options.log.write('error', 'a delivery cannot be recovered', {
          jobId: job.id,
          error: receipt.error.message,
        });
        return;
      }
      if (job.delivery.state === 'applying' && (await this.#isWhole(receipt.value))) {
        await this.#note(job.id, { type: 'delivered' });
        return;
      }
      await this.#restore(receipt.value);
      await this.#note(job.id, { type: 'undone' });
    });
  }

  async #deliver(job: SucceededJob, origin: Origin, plan: Plan): Promise<Result<DeliveryReport, RelayError>> {
    const receipt: Receipt = { jobId: job.id, workspace: job.workspace, files: [...plan.files] };
    const kept = await this.#keep(receipt, plan.contents);
    if (!kept.ok) return kept;
    for (const { path, before } of plan.files) {
      const now = await find(diskPath(job.workspace, path));
      if (!isSame(now.state, before))
        return err(relayError('blocked', `"${shown(path)}" changed just now. Try again.`));
    }
    const started = await this.#note(job.id, { type: 'deliveryStarted', receipt: kept.value, by: origin });
    if (!started.ok) return started;
    const written = await this.#write(job.workspace, plan);
    if (!written.ok) {
      await this.#restore(receipt);
      await this.#note(job.id, { type: 'undone' });
      return written;
    }
    const ended = await this.#note(job.id, { type: 'delivered' });
    return ended.ok ? ok({ written: true, files: [...plan.report] }) : ended;
  }

  /** What each touched file is, and what it would be; nothing of the user's is written. */
  async #plan(job: SucceededJob): Promise<Result<Plan, RelayError>> {
    const { theirs, temporary } = this.#options;
    const patch = await this.#patchOf(job);
    if (!patch.ok) return patch;
    const touched = await touchedPaths(theirs, patch.value);
    if (!touched.ok) return err(relayError('internal', touched.error.message));
    const dirty = await dirtyPaths(theirs, job.workspace);
    if (!dirty.ok) return err(relayError('blocked', `The working tree cannot be read: ${dirty.error.message}`));
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    const stage = await mkdtemp(join(temporary, 'stage-'));
    try {
      return await this.#planIn(stage, job, patch.value, touched.value, dirty.value);
    } finally {
      await rm(stage, { recursive: true, force: true });
    }
  }

  async #planIn(
    stage: string,
    job: SucceededJob,
    patch: Buffer,
    touched: readonly BytePath[],
    dirty: ReadonlySet<BytePath>,
  ): Promise<Result<Plan, RelayError>> {
    const contents = new Map<Digest, Buffer>();
    const befores = new Map<BytePath, FileState>();
    const report: FileDelivery[] = [];
    for (const path of touched) {
      const at = diskPath(job.workspace, path);
      const { state, content } = await find(at);
      befores.set(path, state);
      if (state.kind === 'file' || state.kind === 'link') {
        contents.set(state.digest, content);
        await put(diskPath(stage, path), state, content);
      }
      report.push(await this.#hindrance(job.workspace, path, state, dirty));
    }
    if (report.some((file) => file.verdict !== 'clean')) return ok({ report, files: [], contents });
    const staged = await applyInStage(this.#options.theirs, job.workspace, stage, patch);
    if (!staged.ok) {
      const detail = staged.error.message;
      const conflicts = report.map((file) =>
        detail.includes(file.path) ? { ...file, verdict: 'conflict' as const, detail } : file,
      );
      const anyNamed = conflicts.some((file) => file.verdict === 'conflict');
      return ok({
        report: anyNamed ? conflicts : report.map((file) => ({ ...file, verdict: 'conflict', detail })),
        files: [],
        contents,
      });
    }
    const files: DeliveredFile[] = [];
    for (const [path, before] of befores) {
      const { state, content } = await find(diskPath(stage, path));
      const after = withModeOf(before, state);
      if (after.kind === 'file' || after.kind === 'link') contents.set(after.digest, content);
      files.push({ path, before, after });
    }
    return ok({ report, files, contents });
  }

  async #hindrance(
    workspace: string,
    path: BytePath,
    state: FileState,
    dirty: ReadonlySet<BytePath>,
  ): Promise<FileDelivery> {
    const blocked = (detail: string): FileDelivery => ({ path: shown(path), verdict: 'blocked', detail });
    const clear = await parentsAreFolders(rootPath(workspace), diskPath(workspace, path));
    if (!clear.ok) return blocked(`"${shown(clear.error)}" is no folder: the patch may not write through it`);
    if (state.kind === 'other') return blocked('a folder or special file is in its place');
    if (dirty.has(path)) return blocked('you have uncommitted changes here: commit or stash them');
    return { path: shown(path), verdict: 'clean' };
  }

  async #patchOf(job: SucceededJob): Promise<Result<Buffer, RelayError>> {
    const artifact = job.outcome.artifacts.find((one) => one.name === 'patch.diff');
    if (artifact === undefined || artifact.bytes === 0) {
      return err(relayError('illegal', `Job ${job.id} changed nothing: there is no patch to apply.`));
    }
    const patch = await this.#options.vault.read(artifact.digest);
    return patch.ok ? patch : err(relayError('io', patch.error.message));
  }

  async #receiptOf(job: SucceededJob): Promise<Result<Receipt, RelayError>> {
    if (job.delivery.state === 'none') return err(relayError('illegal', `Job ${job.id} has not been applied.`));
    const bytes = await this.#options.vault.read(job.delivery.receipt);
    if (!bytes.ok) return err(relayError('io', bytes.error.message));
    const receipt = Receipt.safeParse(JSON.parse(bytes.value.toString('utf8')));
    return receipt.success
      ? ok(receipt.data)
      : err(relayError('internal', `The receipt of job ${job.id} cannot be read.`));
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

  async #write(workspace: string, plan: Plan): Promise<Result<void, RelayError>> {
    try {
      for (const { path, after } of inOrder(plan.files)) {
        const at = diskPath(workspace, path);
        await put(at, after, contentOf(after, plan.contents));
        if (after.kind === 'absent') await removeEmptyParents(rootPath(workspace), at);
      }
      return ok(undefined);
    } catch (thrown) {
      return err(
        relayError('io', `The patch could not be written, and what was written was taken back: ${messageOf(thrown)}`),
      );
    }
  }

  /** Brings back what was there before, wherever the delivery's own state still stands. */
  async #restore({ workspace, files }: Receipt): Promise<void> {
    for (const file of inOrder(files.map(({ path, before, after }) => ({ path, before: after, after: before })))) {
      const at = diskPath(workspace, file.path);
      const now = await find(at);
      if (!isSame(now.state, file.before)) continue;
      const content =
        file.after.kind === 'file' || file.after.kind === 'link'
          ? await this.#options.vault.read(file.after.digest)
          : ok(Buffer.alloc(0));
      if (!content.ok) {
        this.#options.log.write('error', 'a file could not be brought back', {
          path: shown(file.path),
          error: content.error.message,
        });
        continue;
      }
      await put(at, file.after, content.value);
      if (file.after.kind === 'absent') await removeEmptyParents(rootPath(workspace), at);
    }
  }

  async #isWhole({ workspace, files }: Receipt): Promise<boolean> {
    for (const { path, after } of files) {
      if (!isSame((await find(diskPath(workspace, path))).state, after)) return false;
    }
    return true;
  }

  async #note(jobId: JobId, event: JobEvent): Promise<Result<void, RelayError>> {
    const done = await this.#options.store.append(jobId, event, this.#options.clock.now());
    if (done.ok) return ok(undefined);
    return err(relayError(done.error.kind === 'io' ? 'io' : done.error.kind, done.error.message));
  }
}

/** What goes away goes first, so that a file can take a folder's place. */
function inOrder(files: readonly DeliveredFile[]): readonly DeliveredFile[] {
  return [...files].sort((a, b) => Number(a.after.kind !== 'absent') - Number(b.after.kind !== 'absent'));
}

/** Git tells of the executable bit alone; the other permissions stay as the user has them. */
function withModeOf(before: FileState, after: FileState): FileState {
  if (before.kind !== 'file' || after.kind !== 'file') return after;
  const executable = (after.mode & 0o100) !== 0;
  if (((before.mode & 0o100) !== 0) === executable) return { ...after, mode: before.mode };
  const readers = (before.mode & 0o444) >> 2;
  return { ...after, mode: executable ? before.mode | readers : before.mode & ~0o111 };
}

function contentOf(state: FileState, contents: ReadonlyMap<Digest, Buffer>): Buffer {
  return (state.kind === 'file' || state.kind === 'link' ? contents.get(state.digest) : undefined) ?? Buffer.alloc(0);
}

function hindrance(files: readonly FileDelivery[]): RelayError {
  const kind = files.some((file) => file.verdict === 'blocked') ? 'blocked' : 'conflict';
  const told = files.map((file) => `"${file.path}" (${file.detail ?? file.verdict})`);
  return relayError(kind, `Nothing was written. In the way: ${named(told)}.`);
}

function named(paths: readonly string[]): string {
  return paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${String(paths.length - 5)} more` : paths.join(', ');
}
