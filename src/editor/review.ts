import * as vscode from 'vscode';
import { shownChanges, type ShownChange } from '../domain/shownChange.ts';
import type { JobView } from '../protocol/jobView.ts';
import { documentUri, fileUri } from './documents.ts';
import type { Job } from './jobModel.ts';
import { changeLabel, changeName } from './look.ts';

/** The native multi-file diff of a job's patch, from git objects; nothing is checked out. */
export async function reviewPatch(job: Job, view: JobView): Promise<void> {
  const title = vscode.l10n.t('Patch: {0}', view.title);
  const changes = shownChanges(view.files).map((file) => {
    const { before, after } = sidesOf(job, file);
    return [fileUri(job, file.path, 'after'), before, after];
  });
  await vscode.commands.executeCommand('vscode.changes', title, changes);
  if (view.fileCount > view.files.length) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t(
        'The first {0} of {1} files are shown. patch.diff has them all.',
        view.files.length,
        view.fileCount,
      ),
    );
  }
}

/** The diff of one file. One that is only on one side is shown against nothing; a picture, which has no nothing, alone. */
export async function openFileDiff(job: Job, file: ShownChange): Promise<void> {
  const { before, after } = sidesOf(job, file);
  const title = `${changeName(file)} (${changeLabel(file)})`;
  const only = before === undefined ? after : after === undefined ? before : undefined;
  if (file.binary === true && only !== undefined) {
    await vscode.commands.executeCommand('vscode.open', only, { preview: true }, title);
    return;
  }
  await vscode.commands.executeCommand(
    'vscode.diff',
    before ?? fileUri(job, file.path, 'before'),
    after ?? fileUri(job, file.path, 'after'),
    title,
    { preview: true },
  );
}

export async function openPatch(job: Job): Promise<void> {
  const document = await vscode.workspace.openTextDocument(documentUri(job, 'patch.diff'));
  await vscode.window.showTextDocument(await vscode.languages.setTextDocumentLanguage(document, 'diff'));
}

function sidesOf(job: Job, file: ShownChange): { readonly before?: vscode.Uri; readonly after?: vscode.Uri } {
  return {
    ...(file.kind === 'added' ? {} : { before: fileUri(job, file.from ?? file.path, 'before') }),
    ...(file.kind === 'deleted' ? {} : { after: fileUri(job, file.path, 'after') }),
  };
}
