import { join } from 'node:path';
import * as vscode from 'vscode';
import { isInTheWay } from '../protocol/inTheWay.ts';
import type { DeliveryReport, JobView } from '../protocol/jobView.ts';
import type { Job } from './jobModel.ts';

/** Applies a proven patch to the working tree, after a preflight that names what is in the way. */
export async function applyPatch(job: Job, view: JobView): Promise<void> {
  const { relay, workspace } = job.repository;
  const unsaved = unsavedAmong(
    workspace,
    view.files.map(({ path }) => path),
  );
  if (unsaved.length > 0 && !(await saveFirst(unsaved))) return;
  const preflight = await relay.apply({ jobId: view.jobId, origin: 'editor', dryRun: true });
  if (!preflight.ok) {
    void vscode.window.showErrorMessage(preflight.error.message);
    return;
  }
  if (preflight.value.files.some(isInTheWay)) {
    await tellHindrance(preflight.value);
    return;
  }
  const applied = await relay.apply({ jobId: view.jobId, origin: 'editor', dryRun: false });
  if (!applied.ok) {
    void vscode.window.showErrorMessage(applied.error.message);
    return;
  }
  const undo = vscode.l10n.t('Undo');
  const text = vscode.l10n.t('Applied {0} files of "{1}".', applied.value.files.length, view.title);
  if ((await vscode.window.showInformationMessage(text, undo)) === undo) await undoApply(job, view);
}

/** Brings every byte back that the apply changed. */
export async function undoApply(job: Job, view: JobView): Promise<void> {
  const { relay, workspace } = job.repository;
  const unsaved = unsavedAmong(
    workspace,
    view.files.map(({ path }) => path),
  );
  if (unsaved.length > 0 && !(await saveFirst(unsaved))) return;
  const undone = await relay.undo({ jobId: view.jobId, origin: 'editor' });
  if (undone.ok) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Undone: {0} files are as before.', undone.value.files.length),
    );
  } else {
    void vscode.window.showErrorMessage(undone.error.message);
  }
}

function unsavedAmong(workspace: string, paths: readonly string[]): readonly vscode.TextDocument[] {
  const touched = new Set(paths.map((path) => vscode.Uri.file(join(workspace, path)).fsPath));
  return vscode.workspace.textDocuments.filter((document) => document.isDirty && touched.has(document.uri.fsPath));
}

/** What is in an editor and not on disk would be lost, or hide the change: the user decides. */
async function saveFirst(documents: readonly vscode.TextDocument[]): Promise<boolean> {
  const save = vscode.l10n.t('Save and Continue');
  const names = documents.map(({ uri }) => vscode.workspace.asRelativePath(uri)).join(', ');
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t('These files have unsaved changes and are touched by the patch: {0}', names),
    { modal: true },
    save,
  );
  if (choice !== save) return false;
  const saved = await Promise.all(documents.map((document) => document.save()));
  return saved.every(Boolean);
}

async function tellHindrance({ files }: DeliveryReport): Promise<void> {
  const told = files.filter(isInTheWay).map(({ path, detail, verdict }) => `${path}: ${detail ?? verdict}`);
  await vscode.window.showWarningMessage(
    vscode.l10n.t('Nothing was written. These files are in the way of the patch:'),
    {
      modal: true,
      detail: told.join('\n'),
    },
  );
}
