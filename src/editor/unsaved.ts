import { relative, sep } from 'node:path';
import * as vscode from 'vscode';

/** Documents of a working tree with changes that are in an editor and not on disk, by their paths there. */
export function unsavedIn(workspace: string): ReadonlyMap<string, vscode.TextDocument> {
  const open = vscode.workspace.textDocuments.filter(({ isDirty, uri }) => isDirty && uri.scheme === 'file');
  const named = open.map((document) => [relative(workspace, document.uri.fsPath), document] as const);
  const within = named.filter(([path]) => path !== '..' && !path.startsWith(`..${sep}`));
  return new Map(within.map(([path, document]) => [path.split(sep).join('/'), document]));
}

/** What is in an editor and not on disk would be lost, or hide the change: the user decides. False where they left. */
export async function saveFirst(documents: readonly vscode.TextDocument[], detail?: string): Promise<boolean> {
  const save = vscode.l10n.t('Save and Continue');
  const names = documents.map(({ uri }) => vscode.workspace.asRelativePath(uri)).join(', ');
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t('These files have unsaved changes and are touched by the patch: {0}', names),
    { modal: true, ...(detail === undefined ? {} : { detail }) },
    save,
  );
  if (choice !== save) return false;
  const saved = await Promise.all(documents.map((document) => document.save()));
  return saved.every(Boolean);
}
