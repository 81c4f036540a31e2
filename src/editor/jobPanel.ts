import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Disposable } from '../base/disposable.ts';
import { isTerminalState } from '../domain/jobState.ts';
import type { JobId } from '../domain/ids.ts';
import { shownChanges } from '../domain/shownChange.ts';
import { usageLine } from '../domain/usageText.ts';
import type { Job, JobModel } from './jobModel.ts';
import { relationWord } from './jobItem.ts';
import { changeLabel, changeName, driftWords } from './look.ts';
import type * as Codecs from '../protocol/codecs.ts';
import type { PanelMessage, PanelState } from '../protocol/panel.ts';
import { commandIds } from './commandIds.ts';
import { giveAnswer } from './consent.ts';

const VIEW_TYPE = 'relay.job';
/** The end of the log that the page shows. */
const LOG_BYTES = 16 * 1024;

/** The job pages: one webview a job, restored after a reload. */
export class JobPanels implements vscode.Disposable {
  readonly #extension: vscode.Uri;
  readonly #model: JobModel;
  readonly #open = new Map<JobId, vscode.WebviewPanel>();
  readonly #subscriptions: Disposable[] = [];

  constructor(extension: vscode.Uri, model: JobModel) {
    this.#extension = extension;
    this.#model = model;
    this.#subscriptions.push(
      model.onChanged(() => {
        for (const jobId of this.#open.keys()) void this.#update(jobId);
      }),
      vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
        deserializeWebviewPanel: (panel, state) => this.#restore(panel, state),
      }),
    );
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    for (const panel of this.#open.values()) panel.dispose();
  }

  show({ summary }: Job): void {
    const open = this.#open.get(summary.jobId);
    if (open !== undefined) {
      open.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(VIEW_TYPE, summary.title, vscode.ViewColumn.Active, {
      enableFindWidget: true,
    });
    this.#fill(panel, summary.jobId);
  }

  async #restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { PageState } = await codecs();
    const known = PageState.safeParse(state);
    if (known.success) this.#fill(panel, known.data.jobId);
    else panel.dispose();
  }

  #fill(panel: vscode.WebviewPanel, jobId: JobId): void {
    const media = vscode.Uri.joinPath(this.#extension, 'dist', 'webview');
    panel.webview.options = { enableScripts: true, localResourceRoots: [media] };
    panel.iconPath = {
      light: vscode.Uri.joinPath(this.#extension, 'media', 'relay-light.svg'),
      dark: vscode.Uri.joinPath(this.#extension, 'media', 'relay-dark.svg'),
    };
    this.#open.set(jobId, panel);
    panel.onDidDispose(() => this.#open.delete(jobId));
    panel.webview.onDidReceiveMessage((message: unknown) => void this.#hear(jobId, message));
    panel.webview.html = pageHtml(panel.webview, media, jobId);
  }

  async #hear(jobId: JobId, received: unknown): Promise<void> {
    const { PageMessage } = await codecs();
    const message = PageMessage.safeParse(received);
    if (!message.success) return;
    if (message.data.type === 'ready') {
      void this.#update(jobId);
      return;
    }
    const job = this.#model.find(jobId);
    if (job === undefined) return;
    if (message.data.type === 'parent') {
      await this.#showParent(job);
      return;
    }
    if (message.data.type === 'answer') {
      await giveAnswer(job, message.data.askId, message.data.answer);
      return;
    }
    void vscode.commands.executeCommand(commandIds[message.data.action], { kind: 'job', job });
  }

  async #showParent(job: Job): Promise<void> {
    const parent = (await this.#model.view(job))?.parent;
    const known = parent === undefined ? undefined : this.#model.find(parent);
    if (known !== undefined) this.show(known);
    else void vscode.window.showInformationMessage(vscode.l10n.t('That job is not in the list any more.'));
  }

  async #update(jobId: JobId): Promise<void> {
    const panel = this.#open.get(jobId);
    const job = this.#model.find(jobId);
    if (panel === undefined || job === undefined) return;
    const view = await this.#model.view(job);
    if (view === undefined) return;
    const { relay } = job.repository;
    const out = view.artifacts.some(({ name }) => name === 'out.md')
      ? await relay.artifact({ jobId, name: 'out.md', offset: 0, maxBytes: 256 * 1024 })
      : undefined;
    const size = await relay.log({ jobId, offset: 0, maxBytes: 1 });
    const offset = size.ok ? Math.max(0, size.value.totalBytes - LOG_BYTES) : 0;
    const log = await relay.log({ jobId, offset, maxBytes: LOG_BYTES });
    const usage = view.usage === undefined ? undefined : usageLine(view.usage);
    const { parent, relation = 'retry' } = view;
    const title = parent === undefined ? undefined : (this.#model.find(parent)?.summary.title ?? parent);
    const state: PanelState = {
      job: view,
      drift: driftWords(view.drift).join(', '),
      ...(title === undefined ? {} : { parent: { relation: relationWord(relation), title } }),
      ...(usage === undefined ? {} : { usage }),
      changes: shownChanges(view.files).map((change) => ({ name: changeName(change), label: changeLabel(change) })),
      outMarkdown: out?.ok === true ? decode(out.value.base64) : '',
      log: log.ok ? decode(log.value.base64) : '',
      live: !isTerminalState(view.state),
    };
    const message: PanelMessage = { type: 'state', state };
    panel.title = view.title;
    await panel.webview.postMessage(message);
  }
}

/** Loaded with the first page: activation must not wait for schemas. */
function codecs(): Promise<typeof Codecs> {
  return import('../protocol/codecs.ts');
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** Nothing but the extension's own script and style is loaded or run. */
function pageHtml(webview: vscode.Webview, media: vscode.Uri, jobId: JobId): string {
  const nonce = randomBytes(16).toString('base64');
  const script = webview.asWebviewUri(vscode.Uri.joinPath(media, 'jobPage.js')).toString();
  const style = webview.asWebviewUri(vscode.Uri.joinPath(media, 'jobPage.css')).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'unsafe-inline'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${style}" />
    <title>Task Relay</title>
  </head>
  <body data-job="${jobId}">
    <main id="page" aria-live="polite"></main>
    <script type="module" nonce="${nonce}" src="${script}"></script>
  </body>
</html>`;
}
