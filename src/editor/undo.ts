import * as vscode from 'vscode';
import type { DeliveryReport, JobView } from '../protocol/jobView.ts';
import type { Job } from './jobModel.ts';
import { countedFiles } from './look.ts';
import { saveFirst, unsavedIn } from './unsaved.ts';

/** Brings every byte back that the apply changed, or takes back the branch that it made. False where it did not. */
export async function undoApply(job: Job, { jobId }: Pick<JobView, 'jobId'>): Promise<boolean> {
  const { relay, workspace } = job.repository;
  const undo = () => relay.undo({ jobId, origin: 'editor', unsaved: [...unsavedIn(workspace).keys()] });
  let undone = await undo();
  if (!undone.ok && undone.error.kind === 'blocked') {
    const { message } = undone.error;
    // What the relay names of it; any other open file is none of its business.
    const open = [...unsavedIn(workspace)].flatMap(([path, document]) => (message.includes(path) ? [document] : []));
    if (open.length > 0) {
      if (!(await saveFirst(open, message))) return false;
      undone = await undo();
    }
  }
  if (undone.ok) void vscode.window.showInformationMessage(undoneText(undone.value));
  else void vscode.window.showErrorMessage(undone.error.message);
  return undone.ok;
}

function undoneText({ branch, files, message }: DeliveryReport): string {
  const text =
    branch === undefined ? filesText(files.length) : vscode.l10n.t('Undone: the branch "{0}" is gone.', branch.name);
  return message === undefined ? text : `${text} ${message}`;
}

function filesText(count: number): string {
  return count === 1
    ? vscode.l10n.t('Undone: 1 file is as before.')
    : vscode.l10n.t('Undone: {0} are as before.', countedFiles(count));
}
