import * as vscode from 'vscode';
import type { Log } from '../base/log.ts';
import { messageOf } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import { isTerminalState } from '../domain/jobState.ts';
import type { ShownChange } from '../domain/shownChange.ts';
import type { JobView } from '../protocol/jobView.ts';
import { applyInOrder } from './applyInOrder.ts';
import { applyToBranch } from './branch.ts';
import { replayCassette, saveCassette } from './cassettes.ts';
import { checkExecutors } from './checkExecutors.ts';
import { commandIds } from './commandIds.ts';
import { composeTask } from './composer.ts';
import { answerQuestion, manageAgentCommands } from './consent.ts';
import { applyChosen, applyFile, applyPatch } from './deliver.ts';
import { checkUri } from './documents.ts';
import { followUp, rebaseJob } from './followUp.ts';
import type { Job, JobModel } from './jobModel.ts';
import type { Node } from './jobNode.ts';
import type { JobPanels } from './jobPanel.ts';
import type { JobsTree } from './jobsTree.ts';
import type { LogView } from './logView.ts';
import { choosePlan } from './planChoice.ts';
import type { PlanDocument } from './planDocument.ts';
import { createPullRequest } from './pullRequest.ts';
import { openFileDiff, openPatch, reviewPatch } from './review.ts';
import type { Settings } from './settings.ts';
import { stateLabel } from './look.ts';
import { liftSecret, openCertificate, verifyJob } from './trust.ts';
import { undoApply } from './undo.ts';
import type { UsageDocument } from './usageDocument.ts';
import type { WebhookSecret } from './webhookSecret.ts';
import type { WorkspaceRelays } from './workspaceRelays.ts';

export interface CommandParts {
  readonly model: JobModel;
  readonly relays: WorkspaceRelays;
  readonly tree: JobsTree;
  readonly logs: LogView;
  readonly panels: JobPanels;
  readonly usage: UsageDocument;
  readonly plan: PlanDocument;
  readonly webhookSecret: WebhookSecret;
  readonly settings: Settings;
  readonly output: vscode.LogOutputChannel;
  readonly memory: vscode.Memento;
  readonly log: Log;
}

/** Registers every command of commandIds.ts. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const { model, relays, logs, panels, usage, settings, output } = parts;
  const jobs = new JobCommands(parts);
  const table: Readonly<Record<keyof typeof commandIds, (node?: Node, nodes?: readonly Node[]) => unknown>> = {
    submitTask: () => submitTask(parts),
    refresh: () => relays.refresh(),
    showJob: jobs.on(isAny, (job) => panels.show(job)),
    reviewPatch: jobs.onView(hasPatch, reviewPatch),
    openPatch: jobs.on(hasPatch, openPatch),
    openFileDiff: (node) => (node?.kind === 'file' ? openFileDiff(node.job, node.file) : undefined),
    openCheck: (node) =>
      node?.kind === 'check'
        ? vscode.commands.executeCommand('vscode.open', checkUri(node.job, node.check.name))
        : undefined,
    applyPatch: jobs.onView(isSucceeded, applyPatch),
    applyChosen: jobs.onView(isSucceeded, applyChosen),
    applyFile: (node) => (node?.kind === 'file' ? jobs.onView(isSucceeded, applying(node.file))(node) : undefined),
    applyToBranch: jobs.onView(isSucceeded, applyToBranch),
    undoApply: jobs.onView(isSucceeded, undoApply),
    createPullRequest: jobs.onView(isSucceeded, createPullRequest),
    planOrder: (node, nodes) => choosePlan(parts, nodes ?? (node === undefined ? [] : [node])),
    applyInOrder: () => (parts.plan.planned === undefined ? undefined : applyInOrder(parts.plan.planned, model)),
    rebaseJob: jobs.on(isEnded, async (job) => showNew(parts, job, await rebaseJob(job))),
    followUp: jobs.onView(isSucceeded, async (job, view) => showNew(parts, job, await followUp(job, view))),
    cancelJob: jobs.on(isLive, cancelJob),
    retryJob: jobs.on(isEnded, retryJob),
    deleteJob: jobs.on(isEnded, (job) => deleteJob(job, model)),
    showLogs: jobs.on(isAny, (job) => logs.show(job)),
    answerQuestion: jobs.onView(isWaiting, answerQuestion),
    openCertificate: jobs.on(hasPatch, openCertificate),
    verifyJob: jobs.on(hasPatch, verifyJob),
    liftSecret: jobs.onView(isWithheld, liftSecret),
    saveCassette: jobs.on(hasPatch, saveCassette),
    replayCassette: () => replayCassette(relays.repositories),
    copyJobId: jobs.on(isAny, ({ summary }) => vscode.env.clipboard.writeText(summary.jobId)),
    showOutput: () => output.show(),
    showUsage: () => usage.show(),
    checkExecutors: () => checkExecutors(relays.repositories),
    manageAgentCommands: () => manageAgentCommands(model.repositories, settings),
    setWebhookSecret: () => parts.webhookSecret.change(),
  };
  const registered = Object.entries(table).map(([name, run]) =>
    vscode.commands.registerCommand(
      commandIds[name as keyof typeof commandIds],
      (node?: Node, nodes?: readonly Node[]) => guarded(parts.log, () => run(node, nodes)),
    ),
  );
  return vscode.Disposable.from(...registered);
}

/** One of the three doors for exceptions: a bug ends a command with a word to the person. */
async function guarded(log: Log, run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    log.write('error', 'a command failed', { error: messageOf(thrown) });
    void vscode.window.showErrorMessage(vscode.l10n.t('Task Relay failed at this: {0}', messageOf(thrown)));
  }
}

/** Commands on a job: the row that was clicked, the row that is selected, or one that the user picks. */
class JobCommands {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  on(fits: (job: Job) => boolean, use: (job: Job) => unknown): (node?: Node) => Promise<void> {
    return async (node) => {
      const job = await this.#jobOf(node, fits);
      if (job !== undefined) await use(job);
    };
  }

  onView(fits: (job: Job) => boolean, use: (job: Job, view: JobView) => unknown): (node?: Node) => Promise<void> {
    return this.on(fits, async (job) => {
      const view = await this.#parts.model.view(job);
      if (view !== undefined) await use(job, view);
    });
  }

  async #jobOf(node: Node | undefined, fits: (job: Job) => boolean): Promise<Job | undefined> {
    const { model, tree } = this.#parts;
    const meant = node ?? tree.selection;
    const current = meant === undefined ? undefined : model.find(meant.job.summary.jobId);
    if (current !== undefined && (node !== undefined || fits(current))) return current;
    const items = model
      .jobs()
      .filter(fits)
      .map((job) => ({ label: job.summary.title, description: stateLabel(job.summary), job }));
    if (items.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t('There is no job that this can be done with.'));
      return undefined;
    }
    const picked = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which job?') });
    return picked?.job;
  }
}

async function submitTask(parts: CommandParts): Promise<void> {
  const { relays, memory } = parts;
  if (relays.repositories.length === 0) {
    void vscode.window.showWarningMessage(vscode.l10n.t('Open a folder of a git repository with a commit first.'));
    return;
  }
  const composed = await composeTask(relays.repositories, memory);
  if (composed === undefined) return;
  const { repository, spec } = composed;
  const submitted = await repository.relay.submit({ spec, workspace: repository.workspace, origin: 'editor' });
  if (!submitted.ok) {
    void vscode.window.showErrorMessage(submitted.error.message);
    return;
  }
  await showNew(parts, { repository }, submitted.value.jobId);
}

/** A job that was submitted here is seen at once. */
async function showNew(
  { model, tree }: CommandParts,
  { repository }: Pick<Job, 'repository'>,
  jobId: JobId | undefined,
): Promise<void> {
  if (jobId === undefined) return;
  await model.note(jobId, repository);
  const job = model.find(jobId);
  if (job !== undefined) await tree.reveal(job);
}

function applying(file: ShownChange): (job: Job, view: JobView) => Promise<void> {
  return (job, view) => applyFile(job, view, file);
}

async function cancelJob({ repository, summary }: Job): Promise<void> {
  const done = await repository.relay.cancel({ jobId: summary.jobId, origin: 'editor' });
  if (!done.ok) void vscode.window.showErrorMessage(done.error.message);
}

async function retryJob({ repository, summary }: Job): Promise<void> {
  const done = await repository.relay.retry({ jobId: summary.jobId, origin: 'editor' });
  if (!done.ok) void vscode.window.showErrorMessage(done.error.message);
}

/** An applied patch can only be undone while its job is there: that is said before. */
async function deleteJob({ repository, summary }: Job, model: JobModel): Promise<void> {
  if (summary.delivery === 'applied') {
    const remove = vscode.l10n.t('Delete');
    const text = vscode.l10n.t(
      'The patch of "{0}" is applied. Without its job it can no longer be undone.',
      summary.title,
    );
    if ((await vscode.window.showWarningMessage(text, { modal: true }, remove)) !== remove) return;
  }
  const done = await repository.relay.delete({ jobId: summary.jobId, origin: 'editor' });
  if (!done.ok) void vscode.window.showErrorMessage(done.error.message);
  await model.reload(repository);
}

const isAny = (): boolean => true;
const isEnded = ({ summary }: Job): boolean => isTerminalState(summary.state);
const isLive = ({ summary }: Job): boolean => !isTerminalState(summary.state);
const isSucceeded = ({ summary }: Job): boolean => summary.state === 'SUCCEEDED';
const isWaiting = ({ summary }: Job): boolean => summary.state === 'WAITING';
const isWithheld = ({ summary }: Job): boolean => summary.reasonCode === 'POLICY';
const hasPatch = ({ summary }: Job): boolean => summary.state === 'SUCCEEDED' || summary.state === 'FAILED';
