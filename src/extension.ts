import * as vscode from 'vscode';
import { systemClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { messageOf } from './base/result.ts';
import { extensionApi } from './editor/api.ts';
import { Attention } from './editor/attention.ts';
import { registerCommands } from './editor/commands.ts';
import { registerDocuments } from './editor/documents.ts';
import { JobModel } from './editor/jobModel.ts';
import { JobPanels } from './editor/jobPanel.ts';
import { JobsTree } from './editor/jobsTree.ts';
import { languageModelExecutor } from './editor/languageModel/executor.ts';
import { LogView } from './editor/logView.ts';
import { outputLog } from './editor/outputLog.ts';
import { offerReload } from './editor/reloadPrompt.ts';
import { Settings } from './editor/settings.ts';
import { registerMcp } from './editor/mcpProvider.ts';
import { PlanDocument } from './editor/planDocument.ts';
import { TreeMoves } from './editor/treeMoves.ts';
import { UsageDocument } from './editor/usageDocument.ts';
import { WebhookSecret } from './editor/webhookSecret.ts';
import { WorkspaceRelays } from './editor/workspaceRelays.ts';
import { showWelcome } from './editor/welcome.ts';
import type { TaskRelayApi } from './executors/pluginApi.ts';
import { Plugins } from './executors/plugins.ts';

/** The relays of this window, to let go of when it closes. */
let relays: WorkspaceRelays | undefined;

/** Shows the window's jobs; the engine itself is loaded afterwards, so that nobody waits for it. Returns what others may call. */
export function activate(context: vscode.ExtensionContext): TaskRelayApi {
  const version = versionOf(context.extension);
  const output = vscode.window.createOutputChannel('Task Relay', { log: true });
  const log: Log = outputLog(output);
  const onError = (thrown: unknown): void => log.write('error', 'a listener failed', { error: messageOf(thrown) });
  const settings = new Settings(context.workspaceState);
  const model = new JobModel(systemClock, onError);
  const tree = new JobsTree(model);
  const logs = new LogView(model);
  const panels = new JobPanels(context.extensionUri, model);
  const assets = vscode.Uri.joinPath(context.extensionUri, 'dist').fsPath;
  const plugins = new Plugins([languageModelExecutor(context.languageModelAccessInformation, systemClock)]);
  const webhookSecret = new WebhookSecret(context.secrets);
  const plan = new PlanDocument();
  const opened = new WorkspaceRelays({ assets, version, log, model, settings, plugins, webhookSecret });
  const usage = new UsageDocument(() => opened.repositories);
  relays = opened;
  context.subscriptions.push(
    output,
    tree,
    logs,
    panels,
    usage,
    plan,
    new TreeMoves(systemClock, model),
    new Attention(model, tree, settings),
    registerDocuments(model),
    registerCommands({
      model,
      relays: opened,
      tree,
      logs,
      panels,
      usage,
      plan,
      webhookSecret,
      settings,
      output,
      log,
      memory: context.workspaceState,
    }),
    registerMcp({ relays: opened, version, log }),
    showWelcome(opened, model),
    offerReload(opened),
    vscode.workspace.onDidChangeWorkspaceFolders(() => void opened.refresh()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void opened.refresh()),
  );
  // In a turn of its own: loading the engine would hold up the other extensions that start now.
  const start = systemClock.after(0, () => void opened.refresh().catch(onError));
  context.subscriptions.push(start);
  return extensionApi(plugins);
}

/** The manifest is read by VS Code already: a copy in the bundle would be a third of it. */
function versionOf({ packageJSON }: vscode.Extension<unknown>): string {
  const manifest: unknown = packageJSON;
  const isVersioned = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isVersioned ? String(manifest.version) : 'unknown';
}

export async function deactivate(): Promise<void> {
  await relays?.close();
}
