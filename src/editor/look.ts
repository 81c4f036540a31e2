import * as vscode from 'vscode';
import type { Check } from '../domain/artifact.ts';
import { changeNotes, type ShownChange } from '../domain/shownChange.ts';
import type { Drift } from '../protocol/drift.ts';
import type { JobSummary } from '../protocol/jobView.ts';
import type { Hold } from './executorHolds.ts';

/** How states look: built-in icons and theme colours alone. */
export function jobIcon({ state }: JobSummary): vscode.ThemeIcon {
  switch (state) {
    case 'QUEUED':
      return new vscode.ThemeIcon('clock');
    case 'RUNNING':
      return new vscode.ThemeIcon('sync~spin');
    case 'WAITING':
      return new vscode.ThemeIcon('question', new vscode.ThemeColor('list.warningForeground'));
    case 'SUCCEEDED':
      return new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'));
    case 'FAILED':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
    case 'CANCELED':
      return new vscode.ThemeIcon('circle-slash');
    case 'EXPIRED':
      return new vscode.ThemeIcon('watch');
  }
}

export function verdictIcon(verdict: Check['verdict']): vscode.ThemeIcon {
  switch (verdict) {
    case 'pass':
      return new vscode.ThemeIcon('check', new vscode.ThemeColor('testing.iconPassed'));
    case 'fail':
      return new vscode.ThemeIcon('close', new vscode.ThemeColor('list.errorForeground'));
    case 'skip':
      return new vscode.ThemeIcon('dash');
  }
}

export function stateLabel({ state, reasonCode }: JobSummary): string {
  return reasonCode === undefined ? state : `${state} (${reasonCode})`;
}

/** How a patch that is not applied stands; nothing where it applies cleanly. */
export function driftWords(drift: Drift | undefined): readonly string[] {
  if (drift === undefined) return [];
  const { state, dirty } = drift;
  const blocked = dirty.length === 0 ? [] : [dirtyWord(dirty.length)];
  switch (state) {
    case 'clean':
      return blocked;
    case 'merged':
      return isOfHead(drift) ? [vscode.l10n.t('merges with HEAD'), ...blocked] : blocked;
    case 'conflict':
      return isOfHead(drift)
        ? [vscode.l10n.t('conflicts with HEAD'), ...blocked]
        : [vscode.l10n.t('conflicts with your changes'), ...blocked];
    case 'contained':
      return [vscode.l10n.t('already there')];
  }
}

/** Whether a new run on HEAD would help. */
export function conflictsWithHead(drift: Drift | undefined): boolean {
  return drift?.state === 'conflict' && isOfHead(drift);
}

/** A patch is judged with the user's uncommitted files on top of HEAD. */
function isOfHead({ paths, dirty }: Drift): boolean {
  return paths.length === 0 || paths.some((path) => !dirty.includes(path));
}

function dirtyWord(count: number): string {
  return count === 1
    ? vscode.l10n.t('1 file has uncommitted changes')
    : vscode.l10n.t('{0} files have uncommitted changes', count);
}

export function countedFiles(count: number): string {
  return count === 1 ? vscode.l10n.t('1 file') : vscode.l10n.t('{0} files', count);
}

/** Its path; of a rename both. */
export function changeName({ from, path }: ShownChange): string {
  return from === undefined ? path : `${from} → ${path}`;
}

/** How a file was changed: `modified, now executable`. */
export function changeLabel(change: ShownChange): string {
  return [change.kind, ...changeNotes(change)].join(', ');
}

/** Why a queued job waits. */
export function heldLabel({ until, because }: Hold): string {
  return vscode.l10n.t('held until {0}: {1}', clockTime(until), because);
}

/** A time of day for people: ms since 1970. */
function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString(vscode.env.language, { hour: '2-digit', minute: '2-digit' });
}

/** A time span for people. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return vscode.l10n.t('{0} s', seconds);
  if (seconds < 3600) return vscode.l10n.t('{0} min', Math.floor(seconds / 60));
  if (seconds < 86_400) return vscode.l10n.t('{0} h', Math.floor(seconds / 3600));
  return vscode.l10n.t('{0} d', Math.floor(seconds / 86_400));
}
