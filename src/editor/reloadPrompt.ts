import * as vscode from 'vscode';
import type { WorkspaceRelays } from './workspaceRelays.ts';

/** Read when a relay is opened, and by nobody later. */
const READ_ONCE = ['relay.concurrency', 'relay.dataDirectory'];

/** Offers the reload that makes a setting count which a relay reads once. Jobs outlive a reload. */
export function offerReload(relays: WorkspaceRelays): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((change) => {
    const setting = READ_ONCE.find((one) => change.affectsConfiguration(one));
    if (setting !== undefined && relays.repositories.length > 0) void offer(setting);
  });
}

async function offer(setting: string): Promise<void> {
  const reload = vscode.l10n.t('Reload Window');
  const text = vscode.l10n.t('"{0}" counts once the window is loaded anew. No job is lost by that.', setting);
  if ((await vscode.window.showInformationMessage(text, reload)) !== reload) return;
  await vscode.commands.executeCommand('workbench.action.reloadWindow');
}
