import * as vscode from 'vscode';
import type { CallOutput } from '../protocol/calls.ts';
import type { JobView } from '../protocol/jobView.ts';
import type { Job } from './jobModel.ts';
import { undoApply } from './undo.ts';

const GITHUB = 'GitHub.vscode-pull-request-github';

/** "Relay: Create Pull Request": pushes the job's branch, and opens it by the GitHub Pull Requests extension or by gh. */
export async function createPullRequest(job: Job, view: JobView): Promise<void> {
  if (!(await isOutOfTree(job, view))) return;
  const hasExtension = vscode.extensions.getExtension(GITHUB) !== undefined;
  const title = vscode.l10n.t('Pushing the branch of "{0}"', view.title);
  const published = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
    job.repository.relay.publish({ jobId: view.jobId, origin: 'editor', open: hasExtension ? 'none' : 'gh' }),
  );
  if (!published.ok) {
    void vscode.window.showErrorMessage(published.error.message);
    return;
  }
  if (hasExtension && (await openedByExtension(job, published.value.branch))) return;
  await tell(published.value, hasExtension);
}

/** A patch is in one place at a time. */
async function isOutOfTree(job: Job, { delivery, branch, title, jobId }: JobView): Promise<boolean> {
  if (delivery !== 'applied' || branch !== undefined) return true;
  const undo = vscode.l10n.t('Undo and Continue');
  const text = vscode.l10n.t('The patch of "{0}" is in the working tree. A pull request needs it on a branch.', title);
  const detail = vscode.l10n.t('It is taken out of your files first, and every byte is as before it was applied.');
  if ((await vscode.window.showWarningMessage(text, { modal: true, detail }, undo)) !== undo) return false;
  return undoApply(job, { jobId });
}

/** Its `pr.create` takes where the repository is and which branch is meant (src/commands.ts there). */
async function openedByExtension({ repository }: Job, compareBranch: string): Promise<boolean> {
  return vscode.commands.executeCommand('pr.create', { repoPath: repository.workspace, compareBranch }).then(
    () => true,
    () => false,
  );
}

/** `url` is that of the pull request; where there is none, `page` is where one is begun by hand. */
async function tell({ message, url, page }: CallOutput<'publish'>, isUnopened: boolean): Promise<void> {
  const open = vscode.l10n.t('Open');
  const target = url ?? page;
  const buttons = target === undefined ? [] : [open];
  const failed = vscode.l10n.t('The GitHub Pull Requests extension did not take it.');
  const told = isUnopened ? `${failed} ${message}` : message;
  const choice =
    url === undefined
      ? await vscode.window.showWarningMessage(told, ...buttons)
      : await vscode.window.showInformationMessage(told, ...buttons);
  if (choice === open && target !== undefined) await vscode.env.openExternal(vscode.Uri.parse(target, true));
}
