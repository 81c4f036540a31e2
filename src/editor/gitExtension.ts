import * as vscode from 'vscode';
import { messageOf } from '../base/result.ts';

/** What is used of the API that the editor's own git extension exports (its version 1, git.d.ts there). */
interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

interface GitApi {
  readonly repositories: readonly GitRepository[];
  readonly onDidOpenRepository: vscode.Event<GitRepository>;
}

interface GitRepository {
  readonly rootUri: vscode.Uri;
  readonly state: { readonly onDidChange: vscode.Event<void> };
  checkout(treeish: string): Promise<void>;
}

/** Nothing where it is switched off, is not there, or does not start. */
async function gitApi(): Promise<GitApi | undefined> {
  const extension = vscode.extensions.getExtension<GitExtension>('vscode.git');
  const exported = await extension?.activate().then(
    (api) => api,
    () => undefined,
  );
  return exported?.enabled === true ? exported.getAPI(1) : undefined;
}

/** Calls whenever the git extension has seen a repository move: it watches files and refs, and looks by itself. */
export function onGitMoved(listener: () => void): vscode.Disposable {
  const followed: vscode.Disposable[] = [];
  let isOver = false;
  const follow = ({ state }: GitRepository): void => {
    followed.push(state.onDidChange(listener));
  };
  void gitApi().then((api) => {
    if (api === undefined || isOver) return;
    api.repositories.forEach(follow);
    followed.push(api.onDidOpenRepository(follow));
  });
  return new vscode.Disposable(() => {
    isOver = true;
    for (const one of followed) one.dispose();
  });
}

/** As the user would, so that what is in its way is theirs to see. */
export async function checkOut(workspace: string, branch: string): Promise<void> {
  const root = vscode.Uri.file(workspace).toString();
  const repository = (await gitApi())?.repositories.find(({ rootUri }) => rootUri.toString() === root);
  if (repository === undefined) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('The git extension does not have this repository. In a terminal: git switch {0}', branch),
    );
    return;
  }
  const failed = await repository.checkout(branch).then(() => undefined, said);
  if (failed !== undefined) {
    const text = vscode.l10n.t('The branch {0} could not be checked out: {1}', branch, failed);
    void vscode.window.showErrorMessage(text);
  }
}

/** Git's own words, which its extension keeps beside a message that says nothing. */
function said(thrown: unknown): string {
  const hasWords = typeof thrown === 'object' && thrown !== null && 'stderr' in thrown;
  return hasWords && typeof thrown.stderr === 'string' ? thrown.stderr.trim() : messageOf(thrown);
}
