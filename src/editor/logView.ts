import * as vscode from 'vscode';
import { systemClock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { isAbout } from '../protocol/about.ts';
import type { Job, JobModel } from './jobModel.ts';

const SCHEME = 'relay-log';
/** The end of a log that a document shows; logs.txt has it all. */
const SHOWN_BYTES = 512 * 1024;
/** A log that grows fast is shown anew this often at most. */
const REFRESH_MS = 250;

/** "Relay: Show Logs": a job's log as a document that grows while the job runs, and follows where its end is seen. */
export class LogView implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #model: JobModel;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  /** The logs that are open, by job. */
  readonly #open = new Map<string, Disposable>();
  readonly #timers = new Map<string, Disposable>();

  constructor(model: JobModel) {
    this.#model = model;
    this.#registration = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => follow(document)),
    );
  }

  get onDidChange(): vscode.Event<vscode.Uri> {
    return this.#changed.event;
  }

  async show({ summary }: Job): Promise<void> {
    const document = await vscode.workspace.openTextDocument(uriOf(summary.jobId));
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    revealEnd(editor);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const jobId = uri.authority;
    const job = this.#model.jobs().find(({ summary }) => summary.jobId === jobId);
    if (job === undefined) return vscode.l10n.t('Job {0} is not in this window.', jobId);
    this.#watch(job, uri);
    const { relay } = job.repository;
    const size = await relay.log({ jobId: job.summary.jobId, offset: 0, maxBytes: 1 });
    if (!size.ok) return size.error.message;
    const offset = Math.max(0, size.value.totalBytes - SHOWN_BYTES);
    const log = await relay.log({ jobId: job.summary.jobId, offset, maxBytes: SHOWN_BYTES });
    if (!log.ok) return log.error.message;
    const text = Buffer.from(log.value.base64, 'base64').toString('utf8');
    if (text === '') return vscode.l10n.t('Nothing is logged yet.');
    return offset === 0 ? text : `${vscode.l10n.t('[the beginning is left out: logs.txt has it]')}\n${text}`;
  }

  dispose(): void {
    for (const subscription of [...this.#open.values(), ...this.#timers.values()]) subscription.dispose();
    this.#registration.dispose();
    this.#changed.dispose();
  }

  #watch(job: Job, uri: vscode.Uri): void {
    const { jobId } = job.summary;
    if (this.#open.has(jobId)) return;
    const subscription = job.repository.relay.onChange((change) => {
      if (!isAbout(change, jobId) || this.#timers.has(jobId)) return;
      const timer = systemClock.after(REFRESH_MS, () => {
        this.#timers.delete(jobId);
        this.#changed.fire(uri);
      });
      this.#timers.set(jobId, timer);
    });
    this.#open.set(jobId, subscription);
  }

  #forget(uri: vscode.Uri): void {
    if (uri.scheme !== SCHEME) return;
    this.#open.get(uri.authority)?.dispose();
    this.#open.delete(uri.authority);
  }
}

function uriOf(jobId: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, authority: jobId, path: `/${vscode.l10n.t('Log of {0}', jobId)}.log` });
}

/** Whoever looks at the end of a log sees what comes; whoever reads above is left alone. */
function follow(document: vscode.TextDocument): void {
  if (document.uri.scheme !== SCHEME) return;
  for (const editor of vscode.window.visibleTextEditors) {
    if (editor.document !== document) continue;
    const lastSeen = editor.visibleRanges.at(-1)?.end.line ?? 0;
    const above = document.lineCount - 1 - lastSeen;
    if (above < FOLLOWED_LINES) revealEnd(editor);
  }
}

/** A burst of lines is not taken for a reader who went up. */
const FOLLOWED_LINES = 200;

function revealEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  editor.revealRange(new vscode.Range(end, end));
}
