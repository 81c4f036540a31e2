import * as vscode from 'vscode';
import { isInTheWay } from '../protocol/inTheWay.ts';
import type { DeliveryReport, FileDelivery } from '../protocol/jobView.ts';

/** Files that a dialog can name. */
const MOST_NAMED = 15;

/** Names what is in the way, and what is not. */
export async function tellHindrance({ files }: DeliveryReport): Promise<void> {
  const others = files.filter((file) => !isInTheWay(file));
  const parts = [fileLines(files.filter(isInTheWay))];
  if (others.length > 0)
    parts.push(vscode.l10n.t('Not in the way ("Apply Chosen…" takes them alone):'), fileLines(others));
  await vscode.window.showWarningMessage(
    vscode.l10n.t('Nothing was written. These files are in the way of the patch:'),
    { modal: true, detail: parts.join('\n') },
  );
}

/** A merge is asked about once: what comes of it was proven nowhere. True where there is none. */
export async function confirmMerge({ files }: DeliveryReport): Promise<boolean> {
  const merged = files.filter(({ verdict }) => verdict === 'merged');
  if (merged.length === 0) return true;
  const apply = vscode.l10n.t('Merge and Apply');
  const others = files.filter((file) => !merged.includes(file));
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t('HEAD has moved: the patch is merged with it. It was proven on its baseline, not on HEAD.'),
    { modal: true, detail: fileLines([...merged, ...others]) },
    apply,
  );
  return choice === apply;
}

/** A line a file: what is to become of it. */
export function fileLines(files: readonly FileDelivery[]): string {
  const lines = files.slice(0, MOST_NAMED).map(fileLine);
  const more = files.length - lines.length;
  return [...lines, ...(more > 0 ? [vscode.l10n.t('… and {0} more', more)] : [])].join('\n');
}

function fileLine({ path, verdict, detail }: FileDelivery): string {
  // What the relay says of a merge is what the dialog begins with.
  const isMerged = verdict === 'merged';
  return `${path}: ${(isMerged ? undefined : detail) ?? verdictWord(verdict)}`;
}

function verdictWord(verdict: FileDelivery['verdict']): string {
  switch (verdict) {
    case 'clean':
      return vscode.l10n.t('applies cleanly');
    case 'merged':
      return vscode.l10n.t('is merged with what HEAD has');
    case 'contained':
      return vscode.l10n.t('is there already');
    case 'blocked':
      return vscode.l10n.t('is blocked');
    case 'conflict':
      return vscode.l10n.t('is in conflict');
  }
}
