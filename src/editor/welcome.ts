import * as vscode from 'vscode';
import type { JobModel } from './jobModel.ts';
import type { WorkspaceRelays } from './workspaceRelays.ts';

/** Keeps the context keys of the tree's welcome views: package.json says what each means. */
export function showWelcome(relays: WorkspaceRelays, model: JobModel): vscode.Disposable {
  const set = (): void => {
    const state = relays.absence ?? (model.jobs().length === 0 ? 'noJobs' : 'jobs');
    void vscode.commands.executeCommand('setContext', 'relay.state', state);
  };
  const subscriptions = [relays.onChanged(set), model.onChanged(set)];
  set();
  return new vscode.Disposable(() => {
    for (const subscription of subscriptions) subscription.dispose();
  });
}
