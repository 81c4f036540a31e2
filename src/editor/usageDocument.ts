import * as vscode from 'vscode';
import { usageMarkdown } from '../protocol/usageMarkdown.ts';
import type { Repository } from './jobModel.ts';

const USAGE_SCHEME = 'relay-usage';
const page = vscode.Uri.from({ scheme: USAGE_SCHEME, path: '/usage.md' });

/** "Relay: Show Usage": what was used, by day and executor, as a page that nobody can write. */
export class UsageDocument implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #repositories: () => readonly Repository[];
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registered: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(repositories: () => readonly Repository[]) {
    this.#repositories = repositories;
    this.#registered = vscode.workspace.registerTextDocumentContentProvider(USAGE_SCHEME, this);
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }

  /** A page that is open already is brought up to date. */
  async show(): Promise<void> {
    this.#changed.fire(page);
    await vscode.commands.executeCommand('vscode.openWith', page, 'vscode.markdown.preview.editor');
  }

  async provideTextDocumentContent(): Promise<string> {
    const told = this.#repositories().map(async ({ name, relay }) => {
      const report = await relay.usage({});
      if (!report.ok) throw new Error(report.error.message);
      return { name, report: report.value };
    });
    return usageMarkdown(await Promise.all(told));
  }
}
