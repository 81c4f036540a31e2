import * as vscode from 'vscode';
import type { Log } from '../base/log.ts';
import { messageOf } from '../base/result.ts';
import type { WindowDoor } from '../host/windowDoor.ts';
import type { WorkspaceRelays } from './workspaceRelays.ts';

/** One MCP server a window, over all its repositories, on a listener of the window's own; opened when VS Code starts it. */
export function registerMcp({
  relays,
  version,
  log,
}: {
  readonly relays: WorkspaceRelays;
  readonly version: string;
  readonly log: Log;
}): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  let door: Promise<WindowDoor> | undefined;
  const open = (): Promise<WindowDoor> => {
    door ??= import('../host/window.ts').then(({ openWindowDoor }) =>
      openWindowDoor({ repositories: () => relays.repositories, version, log }),
    );
    return door;
  };
  const provider = vscode.lm.registerMcpServerDefinitionProvider('relay.mcp', {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: async () => {
      if (relays.repositories.length === 0) return [];
      const { url, token } = await open();
      const headers = { Authorization: `Bearer ${token}` };
      return [new vscode.McpHttpServerDefinition('Task Relay', vscode.Uri.parse(url), headers, version)];
    },
  });
  const subscription = relays.onChanged(() => changed.fire());
  return vscode.Disposable.from(provider, changed, subscription, {
    dispose: () => {
      void door?.then((opened) => opened.close()).catch((thrown: unknown) => log.write('error', messageOf(thrown)));
    },
  });
}
