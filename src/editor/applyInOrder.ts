import * as vscode from 'vscode';
import { isInTheWay } from '../protocol/inTheWay.ts';
import { deliver, type Delivered } from './deliver.ts';
import type { JobModel } from './jobModel.ts';
import type { Planned } from './planDocument.ts';
import { fileLines } from './preflight.ts';

/** Applies the patches of a plan one after the other, and stops at the first that does not go. */
export async function applyInOrder({ order: { order } }: Planned, model: JobModel): Promise<void> {
  let applied = 0;
  for (const jobId of order) {
    const job = model.find(jobId);
    // Applied or deleted since the plan was made.
    if (job === undefined) continue;
    const delivered = await deliver(job);
    if (delivered.kind !== 'applied') {
      await tellStop(job.summary.title, delivered, applied, order.length);
      return;
    }
    applied += 1;
  }
  void vscode.window.showInformationMessage(vscode.l10n.t('Applied {0} patches in order.', applied));
}

async function tellStop(
  title: string,
  delivered: Exclude<Delivered, { kind: 'applied' }>,
  applied: number,
  all: number,
): Promise<void> {
  const detail = whyNot(delivered);
  const text = vscode.l10n.t('Applied {0} of {1} patches; "{2}" did not go.', applied, all, title);
  const more =
    applied === 0
      ? []
      : [vscode.l10n.t('Commit what is applied, then plan again: a patch needs its files as in HEAD.')];
  await vscode.window.showWarningMessage(text, { modal: true, detail: [...detail, ...more].join('\n\n') });
}

function whyNot(delivered: Exclude<Delivered, { kind: 'applied' }>): readonly string[] {
  switch (delivered.kind) {
    case 'hindered':
      return [fileLines(delivered.report.files.filter(isInTheWay))];
    case 'failed':
      return [delivered.message];
    case 'left':
      return [];
  }
}
