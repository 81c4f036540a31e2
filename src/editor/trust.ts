import * as vscode from 'vscode';
import type { JobView } from '../protocol/jobView.ts';
import { certificateUri } from './documents.ts';
import type { Job } from './jobModel.ts';

/** Shows a job's certificate as a page, by the editor's own preview of Markdown. */
export async function openCertificate(job: Job): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', certificateUri(job), 'vscode.markdown.preview.editor');
}

/** Runs the claims of a job's certificate again, and says which hold. */
export async function verifyJob({ repository, summary }: Job): Promise<void> {
  const title = vscode.l10n.t('Verifying the certificate of "{0}"', summary.title);
  const verified = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
    repository.relay.verify({ jobId: summary.jobId }),
  );
  if (!verified.ok) {
    void vscode.window.showErrorMessage(verified.error.message);
    return;
  }
  const { holds, claims } = verified.value;
  const detail = claims.map((claim) => `${claim.holds ? '✓' : '✗'} ${claim.name}: ${claim.detail}`).join('\n');
  if (holds) {
    const text = vscode.l10n.t('All {0} claims of the certificate hold.', claims.length);
    await vscode.window.showInformationMessage(text, { modal: true, detail });
  } else {
    const text = vscode.l10n.t('The certificate does not hold: do not trust this patch.');
    await vscode.window.showWarningMessage(text, { modal: true, detail });
  }
}

/** A person says which finds are no secrets; the patch is then judged again. Nothing is ticked before. */
export async function liftSecret({ repository }: Job, { jobId, secrets = [] }: JobView): Promise<void> {
  if (secrets.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('This job did not fail for a secret.'));
    return;
  }
  const items = secrets.map(({ rule, source, line, preview, fingerprint }) => ({
    label: rule,
    description: `${source}:${String(line)}`,
    detail: preview,
    fingerprint,
  }));
  const placeHolder = vscode.l10n.t('Tick what is no secret. It is recorded that you said so.');
  const picked = await vscode.window.showQuickPick(items, { canPickMany: true, placeHolder, ignoreFocusOut: true });
  if (picked === undefined || picked.length === 0) return;
  const finds = [...new Set(picked.map(({ fingerprint }) => fingerprint))];
  const lifted = await repository.relay.lift({ jobId, finds, origin: 'editor' });
  if (!lifted.ok) void vscode.window.showErrorMessage(lifted.error.message);
}
