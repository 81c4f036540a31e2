import * as vscode from 'vscode';
import { checkedItems, executorsOf } from './executorItems.ts';
import type { Repository } from './jobModel.ts';

/** "Relay: Check Executors": what can run tasks here, looked at now; it is shown at once and filled in when it is known. */
export function checkExecutors(repositories: readonly Repository[]): void {
  // They are the machine's, not a repository's.
  const [repository] = repositories;
  if (repository === undefined) {
    void vscode.window.showWarningMessage(vscode.l10n.t('Open a folder of a git repository with a commit first.'));
    return;
  }
  const box = vscode.window.createQuickPick();
  box.title = vscode.l10n.t('Executors');
  box.placeholder = vscode.l10n.t('Looking for what can run a task…');
  box.matchOnDescription = true;
  box.ignoreFocusOut = true;
  const again = { iconPath: new vscode.ThemeIcon('refresh'), tooltip: vscode.l10n.t('Look again') };
  box.buttons = [again];
  const look = async (): Promise<void> => {
    box.busy = true;
    const views = await executorsOf(repository, true);
    box.items = checkedItems(views);
    box.placeholder = vscode.l10n.t('What a task can name as its executor');
    box.busy = false;
  };
  box.onDidTriggerButton(() => void look());
  box.onDidAccept(() => box.hide());
  box.onDidHide(() => box.dispose());
  box.show();
  void look();
}
