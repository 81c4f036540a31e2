import * as vscode from 'vscode';
import { bullets, code, numbered } from '../base/markdown.ts';
import type { JobId } from '../domain/ids.ts';
import type { ApplyOrder } from '../protocol/drift.ts';
import { commandIds } from './commandIds.ts';
import type { Repository } from './jobModel.ts';
import { driftWords } from './look.ts';

/** The title bar of its editor has a button: package.json names this scheme. */
const PLAN_SCHEME = 'relay-plan';
const page = vscode.Uri.from({ scheme: PLAN_SCHEME, path: '/apply-order.md' });

/** An order of applies, and the repository that it is for. */
export interface Planned {
  readonly repository: Repository;
  readonly order: ApplyOrder;
}

/** "Relay: Plan Apply Order": which patches fit together, as a page that nobody can write. */
export class PlanDocument implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registered: vscode.Disposable;
  readonly onDidChange = this.#changed.event;
  #planned: Planned | undefined;

  constructor() {
    this.#registered = vscode.workspace.registerTextDocumentContentProvider(PLAN_SCHEME, this);
  }

  /** What the page shows. */
  get planned(): Planned | undefined {
    return this.#planned;
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }

  /** Of these jobs, or of all that are not applied; a page that is open already shows the new plan. */
  async show(repository: Repository, jobIds?: readonly JobId[]): Promise<void> {
    const { relay, workspace } = repository;
    const made = await relay.plan(jobIds === undefined ? { workspace } : { jobIds: [...jobIds] });
    if (!made.ok) {
      void vscode.window.showErrorMessage(made.error.message);
      return;
    }
    this.#planned = { repository, order: made.value };
    this.#changed.fire(page);
    await vscode.commands.executeCommand('vscode.openWith', page, 'vscode.markdown.preview.editor');
    const { order, left } = made.value;
    if (order.length === 0) return;
    const apply = vscode.l10n.t('Apply in This Order');
    const text = vscode.l10n.t('{0} of {1} patches apply in this order.', order.length, order.length + left.length);
    const choice = await vscode.window.showInformationMessage(text, apply);
    if (choice === apply) await vscode.commands.executeCommand(commandIds.applyInOrder);
  }

  provideTextDocumentContent(): string {
    if (this.#planned !== undefined) return pageText(this.#planned);
    return vscode.l10n.t('This plan is of an earlier session. Run "Relay: Plan Apply Order" again.');
  }
}

function pageText({ repository, order: { head, jobs, conflicts, order, left, isBest, omitted } }: Planned): string {
  const byId = new Map(jobs.map((job) => [job.jobId, job]));
  const name = (jobId: JobId): string => code(byId.get(jobId)?.title ?? jobId);
  const place = vscode.l10n.t('{0} at HEAD {1}', code(repository.name), code(head.slice(0, 12)));
  const steps = order.map((jobId) => {
    const words = driftWords(byId.get(jobId)?.drift);
    return [name(jobId), ...(words.length === 0 ? [vscode.l10n.t('applies cleanly')] : words)].join(' · ');
  });
  const pairs = conflicts.map(({ jobs: [one, other], paths }) =>
    vscode.l10n.t('{0} and {1}: {2}', name(one), name(other), named(paths)),
  );
  const rest = left.map(({ jobId, paths, because }) => {
    const where = paths.length === 0 ? '' : ` ${named(paths)}`;
    return `${name(jobId)}: ${withNames(because, byId)}${where}`;
  });
  const notes = [
    ...(isBest ? [] : [vscode.l10n.t('Too many patches meet to try every order: another may apply more of them.')]),
    ...(omitted === 0 ? [] : [vscode.l10n.t('Older patches that were not looked at: {0}', omitted)]),
  ];
  return [
    `# ${vscode.l10n.t('Apply order')}`,
    place,
    ...section(vscode.l10n.t('Apply one after the other'), numbered(steps)),
    ...section(vscode.l10n.t('These do not fit together'), bullets(pairs)),
    ...section(vscode.l10n.t('These are left'), bullets(rest)),
    ...notes,
    '',
  ].join('\n\n');
}

function section(title: string, text: string): readonly string[] {
  return text === '' ? [] : [`## ${title}`, text];
}

function named(paths: readonly string[]): string {
  return paths.map(code).join(', ');
}

/** The relay names jobs by their ids, which say nothing to a person. */
function withNames(because: string, byId: ReadonlyMap<JobId, { readonly title: string }>): string {
  return [...byId].reduce((text, [jobId, { title }]) => text.replaceAll(jobId, code(title)), because);
}
