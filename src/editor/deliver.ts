import * as vscode from 'vscode';
import { never } from '../base/result.ts';
import type { Chosen } from '../domain/chosen.ts';
import type { ShownChange } from '../domain/shownChange.ts';
import type { DeliveryReport, JobView } from '../protocol/jobView.ts';
import { isInTheWay } from '../protocol/inTheWay.ts';
import { chooseParts } from './hunkPick.ts';
import type { Job } from './jobModel.ts';
import { countedFiles } from './look.ts';
import { confirmMerge, tellHindrance } from './preflight.ts';
import { undoApply } from './undo.ts';
import { saveFirst, unsavedIn } from './unsaved.ts';

/** What came of an apply. `left`: the user did not want it; `hindered`: nothing was written, for what the report names. */
export type Delivered =
  | { readonly kind: 'applied'; readonly report: DeliveryReport }
  | { readonly kind: 'hindered'; readonly report: DeliveryReport }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'left' };

/** Applies all of a proven patch, or what is left of it, to the working tree. */
export async function applyPatch(job: Job, view: JobView): Promise<void> {
  await tell(job, view, await deliver(job));
}

/** "Apply Chosen…": the files and hunks that the user leaves ticked. */
export async function applyChosen(job: Job, view: JobView): Promise<void> {
  const chosen = await chooseParts(job);
  if (chosen !== undefined) await tell(job, view, await deliver(job, chosen));
}

/** One file of a patch, under both of its names where it was renamed. */
export async function applyFile(job: Job, view: JobView, { path, from }: ShownChange): Promise<void> {
  const chosen = [{ path }, ...(from === undefined ? [] : [{ path: from }])];
  await tell(job, view, await deliver(job, chosen));
}

/** Writes after a preflight; it asks where something is unsaved, or would be merged with what HEAD has become. */
export async function deliver(job: Job, chosen?: readonly Chosen[]): Promise<Delivered> {
  const { relay, workspace } = job.repository;
  const call = {
    jobId: job.summary.jobId,
    origin: 'editor',
    ...(chosen === undefined ? {} : { chosen: [...chosen] }),
  } as const;
  // What is unsaved is left out of the first look: only where something would be written is it in the way.
  let preflight = await relay.apply({ ...call, dryRun: true });
  if (!preflight.ok) return { kind: 'failed', message: preflight.error.message };
  const open = written(preflight.value).flatMap((path) => unsavedIn(workspace).get(path) ?? []);
  if (open.length > 0) {
    if (!(await saveFirst(open))) return { kind: 'left' };
    preflight = await relay.apply({ ...call, dryRun: true });
    if (!preflight.ok) return { kind: 'failed', message: preflight.error.message };
  }
  if (preflight.value.files.some(isInTheWay)) return { kind: 'hindered', report: preflight.value };
  if (!(await confirmMerge(preflight.value))) return { kind: 'left' };
  const applied = await relay.apply({ ...call, dryRun: false, unsaved: [...unsavedIn(workspace).keys()] });
  return applied.ok ? { kind: 'applied', report: applied.value } : { kind: 'failed', message: applied.error.message };
}

/** The paths of a report at which something is written. */
function written({ files }: DeliveryReport): readonly string[] {
  return files.flatMap(({ path, verdict }) => (verdict === 'clean' || verdict === 'merged' ? [path] : []));
}

async function tell(job: Job, view: JobView, delivered: Delivered): Promise<void> {
  switch (delivered.kind) {
    case 'left':
      return;
    case 'failed':
      void vscode.window.showErrorMessage(delivered.message);
      return;
    case 'hindered':
      await tellHindrance(delivered.report);
      return;
    case 'applied':
      await tellApplied(job, view, delivered.report);
      return;
    default:
      never(delivered);
  }
}

/** With a way back, and to the rest of a patch that is there in part. */
async function tellApplied(job: Job, { jobId, title }: JobView, report: DeliveryReport): Promise<void> {
  if (!report.written) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Nothing was written: all of "{0}" is there already.', title),
    );
    return;
  }
  const now = await job.repository.relay.get({ jobId });
  const isPartial = now.ok && now.value.partial === true;
  const undo = vscode.l10n.t('Undo');
  const rest = vscode.l10n.t('Apply the Rest');
  const count = countedFiles(written(report).length);
  const text = isPartial
    ? vscode.l10n.t('Applied {0} of "{1}". The patch is applied in part.', count, title)
    : vscode.l10n.t('Applied {0} of "{1}".', count, title);
  const choice = await vscode.window.showInformationMessage(text, ...(isPartial ? [rest, undo] : [undo]));
  if (choice === undefined || !now.ok) return;
  if (choice === undo) await undoApply(job, now.value);
  else await applyPatch(job, now.value);
}
