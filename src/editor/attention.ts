import * as vscode from 'vscode';
import type { Disposable } from '../base/disposable.ts';
import type { JobId } from '../domain/ids.ts';
import type { JobState } from '../domain/job.ts';
import { isTerminalState } from '../domain/jobState.ts';
import { commandIds } from './commandIds.ts';
import { giveAnswer } from './consent.ts';
import type { Job, JobModel } from './jobModel.ts';
import type { JobsTree } from './jobsTree.ts';
import { stateLabel } from './look.ts';
import type { Settings } from './settings.ts';

/** One status item, one badge and at most one toast a job: what needs a look. */
export class Attention implements vscode.Disposable {
  readonly #model: JobModel;
  readonly #tree: JobsTree;
  readonly #settings: Settings;
  readonly #item = vscode.window.createStatusBarItem('relay.status', vscode.StatusBarAlignment.Left, 10);
  readonly #subscription: Disposable;
  readonly #seen = new Map<JobId, JobState>();

  constructor(model: JobModel, tree: JobsTree, settings: Settings) {
    this.#model = model;
    this.#tree = tree;
    this.#settings = settings;
    this.#item.name = vscode.l10n.t('Task Relay');
    this.#item.command = 'relay.jobs.focus';
    this.#subscription = model.onChanged(() => this.#look());
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#item.dispose();
  }

  #look(): void {
    const jobs = this.#model.jobs();
    const waiting = jobs.filter(({ summary }) => summary.state === 'WAITING');
    const unreviewed = jobs.filter(({ summary }) => summary.state === 'SUCCEEDED' && summary.delivery === 'none');
    const live = jobs.filter(({ summary }) => !isTerminalState(summary.state));
    const needs = waiting.length + unreviewed.length;
    const told = [
      ...counted(live.length, vscode.l10n.t('1 job running or queued'), (n) =>
        vscode.l10n.t('{0} jobs running or queued', n),
      ),
      ...counted(unreviewed.length, vscode.l10n.t('1 patch to review'), (n) =>
        vscode.l10n.t('{0} patches to review', n),
      ),
      ...counted(waiting.length, vscode.l10n.t('1 question'), (n) => vscode.l10n.t('{0} questions', n)),
    ];
    this.#tree.setBadge(needs, told.join(', '));
    this.#item.text =
      live.length === 0 ? '$(git-pull-request-draft) Relay' : `$(sync~spin) Relay: ${String(live.length)}`;
    this.#item.tooltip = told.length === 0 ? vscode.l10n.t('No job needs a look') : told.join(', ');
    this.#item.accessibilityInformation = { label: `${vscode.l10n.t('Task Relay')}: ${this.#item.tooltip}` };
    if (this.#model.repositories.length > 0) this.#item.show();
    else this.#item.hide();
    for (const job of jobs) this.#tell(job);
  }

  /** Only of what this window saw happen: jobs of yesterday are in the tree. */
  #tell(job: Job): void {
    const { jobId, state } = job.summary;
    const before = this.#seen.get(jobId);
    this.#seen.set(jobId, state);
    if (before === undefined && state !== 'WAITING') return;
    if (before === state || !this.#settings.notifies) return;
    if (state === 'WAITING') void this.#askToast(job);
    else if (state === 'SUCCEEDED' || state === 'FAILED' || state === 'EXPIRED') void this.#endToast(job);
  }

  async #askToast(job: Job): Promise<void> {
    const question = (await this.#model.view(job))?.question;
    if (question === undefined) return;
    const answer = vscode.l10n.t('Answer…');
    const { title } = job.summary;
    const isShort = question.choices.length > 0 && question.choices.length <= MOST_CHOICES && isLine(question.text);
    const text = isLine(question.text)
      ? vscode.l10n.t('The job "{0}" asks: {1}', title, question.text)
      : vscode.l10n.t('The job "{0}" asks something. Read the whole of it before you answer.', title);
    // What must be read in whole is answered where the whole of it is.
    const choices = isShort ? question.choices : [answer];
    const chosen = await vscode.window.showWarningMessage(text, ...choices);
    if (chosen === undefined) return;
    if (choices.includes(answer)) await run(commandIds.answerQuestion, job);
    else await giveAnswer(job, question.askId, chosen);
  }

  async #endToast(job: Job): Promise<void> {
    const { summary } = job;
    const review = vscode.l10n.t('Review');
    const logs = vscode.l10n.t('Show Logs');
    const never = vscode.l10n.t("Don't Show Again");
    const isGood = summary.state === 'SUCCEEDED';
    const text = `${summary.title}: ${stateLabel(summary)}`;
    const choice = isGood
      ? await vscode.window.showInformationMessage(text, review, never)
      : await vscode.window.showWarningMessage(text, logs, never);
    if (choice === review) await run(commandIds.reviewPatch, job);
    if (choice === logs) await run(commandIds.showLogs, job);
    if (choice === never) await this.#settings.stopNotifying();
  }
}

/** What a notification can show. */
const MOST_CHOICES = 3;
const LONGEST_LINE = 200;

function isLine(text: string): boolean {
  return text.length <= LONGEST_LINE && !text.includes('\n');
}

/** Nothing of what there is none of. */
function counted(count: number, one: string, many: (count: number) => string): readonly string[] {
  if (count === 0) return [];
  return [count === 1 ? one : many(count)];
}

function run(command: string, job: Job): Thenable<unknown> {
  return vscode.commands.executeCommand(command, { kind: 'job', job });
}
