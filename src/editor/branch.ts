import * as vscode from 'vscode';
import { isInTheWay } from '../protocol/inTheWay.ts';
import type { BranchTarget, JobView } from '../protocol/jobView.ts';
import { commandIds } from './commandIds.ts';
import { checkOut } from './gitExtension.ts';
import type { Job } from './jobModel.ts';
import { tellHindrance } from './preflight.ts';

/** Makes a proven patch a commit on a branch of its own; index, HEAD and working tree stay as they are. */
export async function applyToBranch(job: Job, view: JobView): Promise<void> {
  const { relay, workspace } = job.repository;
  const from = await whereFrom(view);
  if (from === undefined) return;
  const call = { jobId: view.jobId, origin: 'editor', branch: { from } } as const;
  const preflight = await relay.apply({ ...call, dryRun: true });
  if (preflight.ok && preflight.value.files.some(isInTheWay)) {
    await tellHindrance(preflight.value);
    return;
  }
  const made = preflight.ok ? await relay.apply({ ...call, dryRun: false }) : preflight;
  if (!made.ok) {
    void vscode.window.showErrorMessage(made.error.message);
    return;
  }
  const { branch, message } = made.value;
  if (branch === undefined) return;
  const [out, pull] = [vscode.l10n.t('Check Out'), vscode.l10n.t('Create Pull Request')];
  const text = vscode.l10n.t('"{0}" is a commit on the new branch {1}.', view.title, branch.name);
  const told = message === undefined ? text : `${text} ${message}`;
  const choice = await vscode.window.showInformationMessage(told, out, pull);
  if (choice === out) await checkOut(workspace, branch.name);
  if (choice === pull) await vscode.commands.executeCommand(commandIds.createPullRequest, { kind: 'job', job });
}

/** Asked where HEAD is not what the patch was proven on. */
async function whereFrom({ baseline, graft, drift }: JobView): Promise<BranchTarget['from'] | undefined> {
  const hasMoved = drift !== undefined && drift.head !== (graft?.on ?? baseline);
  if (!hasMoved) return 'baseline';
  const items: readonly (vscode.QuickPickItem & { readonly from: BranchTarget['from'] })[] = [
    {
      label: vscode.l10n.t('From the baseline'),
      description: baseline.slice(0, 12),
      detail: vscode.l10n.t('The commit is exactly what was proven.'),
      from: 'baseline',
    },
    {
      label: vscode.l10n.t('From HEAD'),
      description: drift.head.slice(0, 12),
      detail: vscode.l10n.t('The patch is merged with HEAD, on which it was not proven.'),
      from: 'head',
    },
  ];
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t('HEAD has moved since the job began. Where does the branch start?'),
  });
  return picked?.from;
}
