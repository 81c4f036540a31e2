import * as vscode from 'vscode';
import { systemClock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { ArtifactName } from '../domain/artifact.ts';
import type { JobId } from '../domain/ids.ts';
import { shownChanges } from '../domain/shownChange.ts';
import type { JobView } from '../protocol/jobView.ts';
import { commandIds } from './commandIds.ts';
import { documentUri, fileUri } from './documents.ts';
import type { Job, JobModel } from './jobModel.ts';
import { fileContext, jobItem, jobTooltip } from './jobItem.ts';
import { keyOf, type Node } from './jobNode.ts';
import { changeLabel, changeName, verdictIcon } from './look.ts';

/** Elapsed times move once a second, and only while something runs and the tree is seen. */
const TICK_MS = 1000;

/** A row as VS Code has it, and the job that it was drawn for. */
interface JobNode {
  readonly node: Node & { readonly kind: 'job' };
  readonly shown: Job;
}

/** The home of the extension: every job of the window's repositories, newest first, live. */
export class JobsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #model: JobModel;
  readonly #changed = new vscode.EventEmitter<Node[] | undefined>();
  readonly #view: vscode.TreeView<Node>;
  /** By job id, from top to bottom: the rows that VS Code has, and what their children were made of. */
  readonly #jobs = new Map<JobId, JobNode>();
  readonly #views = new Map<JobId, JobView>();
  readonly #subscription: Disposable;
  #tick: Disposable | undefined;
  #tellsRepository = false;

  constructor(model: JobModel) {
    this.#model = model;
    this.#view = vscode.window.createTreeView<Node>('relay.jobs', {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.#subscription = model.onChanged(() => this.#refresh());
    this.#view.onDidChangeVisibility(() => this.#keepTime());
  }

  get onDidChangeTreeData(): vscode.Event<Node[] | undefined> {
    return this.#changed.event;
  }

  get selection(): Node | undefined {
    return this.#view.selection[0];
  }

  /** All rows that are selected. */
  get selected(): readonly Node[] {
    return this.#view.selection;
  }

  get isVisible(): boolean {
    return this.#view.visible;
  }

  dispose(): void {
    this.#tick?.dispose();
    this.#subscription.dispose();
    this.#view.dispose();
    this.#changed.dispose();
  }

  /** What needs a look: questions, and proven patches that were not applied. */
  setBadge(count: number, tooltip: string): void {
    this.#view.badge = count === 0 ? undefined : { value: count, tooltip };
  }

  reveal(job: Job): Thenable<void> {
    const node = this.#jobs.get(job.summary.jobId)?.node ?? { kind: 'job', job };
    return this.#view.reveal(node, { select: true, focus: false, expand: true });
  }

  getParent(node: Node): Node | undefined {
    return node.kind === 'job' ? undefined : this.#jobs.get(node.job.summary.jobId)?.node;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) return this.#roots();
    if (node.kind !== 'job') return [];
    const job = this.#now(node.job);
    const known = this.#views.get(job.summary.jobId);
    const view = known?.stateVersion === job.summary.stateVersion ? known : await this.#model.view(job);
    if (view === undefined) return [];
    this.#views.set(job.summary.jobId, view);
    const documents = view.artifacts.filter(({ name }) => documentIcons.has(name));
    return [
      ...shownChanges(view.files).map((file) => ({ kind: 'file', job, file }) as const),
      ...view.checks.map((check) => ({ kind: 'check', job, check }) as const),
      ...documents.map(({ name }) => ({ kind: 'document', job, name }) as const),
    ];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const current: Node = node.kind === 'job' ? { kind: 'job', job: this.#now(node.job) } : node;
    const item = itemOf(current, this.#tellsRepository);
    item.id = keyOf(node);
    return item;
  }

  /** What shows when the mouse rests on a row: told then, because a thousand rows with it are felt. */
  async resolveTreeItem(item: vscode.TreeItem, node: Node): Promise<vscode.TreeItem> {
    if (node.kind !== 'job') return item;
    const job = this.#now(node.job);
    item.tooltip = jobTooltip(job, await this.#model.view(job), (jobId) => this.#model.find(jobId)?.summary.title);
    return item;
  }

  #roots(): Node[] {
    const roots = this.#model.jobs().map((job) => ({ kind: 'job', job }) as const);
    this.#tellsRepository = this.#model.repositories.length > 1;
    this.#jobs.clear();
    for (const node of roots) this.#jobs.set(node.job.summary.jobId, { node, shown: node.job });
    this.#keepTime();
    return roots;
  }

  /** The job of a row as it is now: rows stay while their jobs change. */
  #now(job: Job): Job {
    return this.#model.find(job.summary.jobId) ?? job;
  }

  /** Where the rows are the same, only those whose job has changed are drawn anew: a thousand rows take their time. */
  #refresh(): void {
    const jobs = this.#model.jobs();
    const rows = [...this.#jobs.keys()];
    const areSame = jobs.length === rows.length && jobs.every(({ summary }, at) => summary.jobId === rows[at]);
    if (!areSame || this.#model.repositories.length > 1 !== this.#tellsRepository) {
      this.#changed.fire(undefined);
      return;
    }
    const changed = jobs.flatMap((job) => {
      const row = this.#jobs.get(job.summary.jobId);
      if (row === undefined || (row.shown.summary === job.summary && row.shown.held === job.held)) return [];
      this.#jobs.set(job.summary.jobId, { node: row.node, shown: job });
      return [row.node];
    });
    if (changed.length === 0) return;
    this.#keepTime();
    this.#changed.fire(changed);
  }

  #keepTime(): void {
    this.#tick?.dispose();
    const running = [...this.#jobs.values()].filter(({ shown }) => shown.summary.state === 'RUNNING');
    if (running.length === 0 || !this.#view.visible) return;
    this.#tick = systemClock.after(TICK_MS, () => {
      this.#changed.fire(running.map(({ node }) => node));
      this.#keepTime();
    });
  }
}

function itemOf(node: Node, tellsRepository: boolean): vscode.TreeItem {
  switch (node.kind) {
    case 'job':
      return jobItem(node.job, tellsRepository);
    case 'file':
      return fileItem(node);
    case 'check':
      return checkItem(node);
    case 'document':
      return documentItem(node);
  }
}

function fileItem({ job, file }: Node & { readonly kind: 'file' }): vscode.TreeItem {
  const item = new vscode.TreeItem(fileUri(job, file.path, 'after'), vscode.TreeItemCollapsibleState.None);
  item.label = file.path.split('/').at(-1) ?? file.path;
  const folder = file.path.split('/').slice(0, -1).join('/');
  const kind = changeLabel(file);
  const came = file.from === undefined ? kind : `${kind} ← ${file.from}`;
  item.description = [folder, came].filter((part) => part !== '').join(' · ');
  item.tooltip = changeName(file);
  item.contextValue = fileContext(job.summary);
  item.accessibilityInformation = { label: `${changeName(file)}, ${kind}` };
  item.command = {
    command: commandIds.openFileDiff,
    title: vscode.l10n.t('Open Changes'),
    arguments: [{ kind: 'file', job, file }],
  };
  return item;
}

function checkItem({ job, check }: Node & { readonly kind: 'check' }): vscode.TreeItem {
  const item = new vscode.TreeItem(check.name, vscode.TreeItemCollapsibleState.None);
  const came = check.label === undefined ? check.verdict : `${check.verdict} · ${check.label}`;
  item.description = `${came} · ${check.detail?.split('\n')[0] ?? ''}`;
  item.iconPath = verdictIcon(check.verdict);
  item.tooltip = check.detail;
  item.contextValue = 'check';
  item.accessibilityInformation = { label: vscode.l10n.t('check {0}: {1}', check.name, came) };
  item.command = {
    command: commandIds.openCheck,
    title: vscode.l10n.t('Open Output'),
    arguments: [{ kind: 'check', job, check }],
  };
  return item;
}

const documentIcons: ReadonlyMap<ArtifactName, string> = new Map([
  ['out.md', 'markdown'],
  ['certificate.json', 'verified'],
  ['logs.txt', 'output'],
]);

function documentItem({ job, name }: Node & { readonly kind: 'document' }): vscode.TreeItem {
  const isCertificate = name === 'certificate.json';
  const label = isCertificate ? vscode.l10n.t('certificate') : name;
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None);
  item.iconPath = new vscode.ThemeIcon(documentIcons.get(name) ?? 'file');
  item.contextValue = 'document';
  item.accessibilityInformation = { label: vscode.l10n.t('document {0}', label) };
  item.command = isCertificate
    ? { command: commandIds.openCertificate, title: vscode.l10n.t('Open'), arguments: [{ kind: 'job', job }] }
    : { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [documentUri(job, name)] };
  return item;
}
