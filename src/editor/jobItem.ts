import * as vscode from 'vscode';
import { systemClock } from '../base/clock.ts';
import { never } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import { isTerminalState } from '../domain/jobState.ts';
import type { JobView } from '../protocol/jobView.ts';
import type { Job, Summary } from './jobModel.ts';
import { conflictsWithHead, driftWords, duration, heldLabel, jobIcon, stateLabel } from './look.ts';

/** A job's row. */
export function jobItem(job: Job, tellsRepository: boolean): vscode.TreeItem {
  const { summary, repository } = job;
  const item = new vscode.TreeItem(summary.title, vscode.TreeItemCollapsibleState.Collapsed);
  const state = stateLabel(summary);
  const since = summary.startedAt ?? summary.createdAt;
  const time = duration((summary.finishedAt ?? systemClock.now()) - since);
  const where = tellsRepository ? [repository.name] : [];
  const words = [...(job.held === undefined ? [] : [heldLabel(job.held)]), ...placeWords(summary)];
  item.description = [state, ...words, ...where, summary.executor, time].join(' · ');
  item.iconPath = jobIcon(summary);
  item.contextValue = jobContext(summary);
  item.accessibilityInformation = {
    label: [summary.title, state, ...words, summary.executor, time].join(', '),
    role: 'treeitem',
  };
  if (!isTerminalState(summary.state)) item.collapsibleState = vscode.TreeItemCollapsibleState.None;
  return item;
}

/** Where a patch is, and while it is nowhere, how it stands. */
function placeWords({ delivery, partial, branch, drift }: Summary): readonly string[] {
  if (delivery !== 'applied') return driftWords(drift);
  if (branch !== undefined) return [vscode.l10n.t('on {0}', branch)];
  return [partial === true ? vscode.l10n.t('applied in part') : vscode.l10n.t('applied')];
}

/** What menus ask about: `job.SUCCEEDED.applied.partial`, `job.SUCCEEDED.none.conflict`, `job.FAILED.POLICY`. */
function jobContext({ state, delivery, reasonCode, partial, branch, drift }: Summary): string {
  const more = [
    ...(partial === true && branch === undefined ? ['partial'] : []),
    ...(branch === undefined ? [] : ['branch']),
    ...(delivery !== 'applied' && conflictsWithHead(drift) ? ['conflict'] : []),
  ];
  return ['job', state, delivery ?? reasonCode ?? [], more].flat().join('.');
}

/** A file's row offers to apply it where more of its patch can be. */
export function fileContext({ state, delivery, partial, branch }: Summary): string {
  const isOpen = delivery === 'none' || delivery === 'undone' || (partial === true && branch === undefined);
  return state === 'SUCCEEDED' && isOpen ? 'file.open' : 'file';
}

/** What shows when the mouse rests on a job's row. `titleOf`: of a job that the window has. */
export function jobTooltip(
  { summary, held }: Job,
  view: JobView | undefined,
  titleOf: (jobId: JobId) => string | undefined,
): string {
  const drift = view?.drift ?? summary.drift;
  return [
    summary.title,
    `${stateLabel(summary)} · ${summary.executor}`,
    ...(held === undefined ? [] : [heldLabel(held)]),
    ...driftWords(drift),
    ...(drift === undefined ? [] : drift.paths.filter((path) => !drift.dirty.includes(path))),
    ...(drift?.dirty.length ? [vscode.l10n.t('Uncommitted: {0}', drift.dirty.join(', '))] : []),
    ...(view?.branch === undefined ? [] : [vscode.l10n.t('on {0}', view.branch)]),
    ...(view?.published?.url === undefined ? [] : [view.published.url]),
    ...parentLine(view, titleOf),
    summary.jobId,
  ].join('\n');
}

function parentLine(view: JobView | undefined, titleOf: (jobId: JobId) => string | undefined): readonly string[] {
  if (view?.parent === undefined) return [];
  return [`${relationWord(view.relation ?? 'retry')}: ${titleOf(view.parent) ?? view.parent}`];
}

/** What a job is to its parent. */
export function relationWord(relation: NonNullable<JobView['relation']>): string {
  switch (relation) {
    case 'retry':
      return vscode.l10n.t('Retry of');
    case 'rebase':
      return vscode.l10n.t('Rebase of');
    case 'followUp':
      return vscode.l10n.t('Follow-up of');
    default:
      return never(relation);
  }
}
