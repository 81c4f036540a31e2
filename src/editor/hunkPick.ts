import * as vscode from 'vscode';
import type { Chosen } from '../domain/chosen.ts';
import type { Hunks } from '../protocol/jobView.ts';
import type { Job } from './jobModel.ts';

type Listed = Hunks['files'][number];
type Hunk = Listed['hunks'][number];

interface Part extends vscode.QuickPickItem {
  readonly path: string;
  /** Missing for a file that can be taken whole only. */
  readonly number?: number;
}

type Row = Part | vscode.QuickPickItem;

/** Changed lines that a row shows. */
const LINES = 3;

/** The files and hunks that the user leaves ticked; undefined where they left, or nothing is ticked. */
export async function chooseParts({ repository, summary }: Job): Promise<readonly Chosen[] | undefined> {
  const listed = await repository.relay.hunks({ jobId: summary.jobId });
  if (!listed.ok) {
    void vscode.window.showErrorMessage(listed.error.message);
    return undefined;
  }
  const { files } = listed.value;
  const picked = await vscode.window.showQuickPick<Row>(files.flatMap(rowsOf), {
    title: vscode.l10n.t('Apply Chosen: {0}', summary.title),
    placeHolder: vscode.l10n.t('Untick what you do not want now'),
    canPickMany: true,
    matchOnDetail: true,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  if (picked === undefined || picked.length === 0) return undefined;
  const parts = picked.filter(isPart);
  return files.flatMap((file) => chosenOf(file, parts));
}

/** A separator with the file's path, then its hunks, or the file itself where it has none to choose. */
function rowsOf({ path, whole, applied, hunks }: Listed): readonly Row[] {
  const separator = { label: path, kind: vscode.QuickPickItemKind.Separator };
  if (whole || hunks.length === 0) return [separator, wholeRow(path, applied)];
  return [separator, ...hunks.map((hunk) => hunkRow(path, hunk))];
}

function wholeRow(path: string, applied: true | undefined): Part {
  const name = path.split('/').at(-1) ?? path;
  const told = [vscode.l10n.t('the whole file'), ...appliedWord(applied)];
  return { label: name, description: told.join(' · '), picked: applied === undefined, path };
}

function hunkRow(path: string, { number, header, added, deleted, preview, applied }: Hunk): Part {
  const told = [`+${String(added)} −${String(deleted)}`, ...appliedWord(applied)];
  const more = preview.length > LINES ? ' …' : '';
  return {
    label: header,
    description: told.join(' · '),
    detail: `${preview.slice(0, LINES).join('  ')}${more}`,
    picked: applied === undefined,
    path,
    number,
  };
}

function appliedWord(applied: true | undefined): readonly string[] {
  return applied === undefined ? [] : [vscode.l10n.t('applied already')];
}

function chosenOf({ path, hunks }: Listed, parts: readonly Part[]): readonly Chosen[] {
  const mine = parts.filter((part) => part.path === path);
  const numbers = mine.flatMap(({ number }) => number ?? []);
  if (mine.length === 0) return [];
  return numbers.length === hunks.length ? [{ path }] : [{ path, hunks: numbers }];
}

function isPart(row: Row): row is Part {
  return 'path' in row;
}
