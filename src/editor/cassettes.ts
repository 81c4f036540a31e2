import * as vscode from 'vscode';
import type { Job, Repository } from './jobModel.ts';

const FILTERS = { 'JSON lines': ['jsonl'] };

/** "Relay: Save Cassette…": what the job's executor did, as a file that can be played again. */
export async function saveCassette({ repository, summary }: Job): Promise<void> {
  const { recordingOf } = await import('../protocol/codecs.ts');
  const recording = await recordingOf(repository.relay, summary.jobId);
  if (!recording.ok) {
    void vscode.window.showErrorMessage(recording.error.message);
    return;
  }
  const folder = vscode.Uri.joinPath(vscode.Uri.file(repository.workspace), '..');
  const file = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Save Cassette'),
    defaultUri: vscode.Uri.joinPath(folder, `${summary.jobId}.cassette.jsonl`),
    filters: FILTERS,
  });
  if (file !== undefined) await vscode.workspace.fs.writeFile(file, Buffer.from(recording.value));
}

/** "Relay: Replay Cassette…": a job that does what a cassette has, without the program that did it. */
export async function replayCassette(repositories: readonly Repository[]): Promise<void> {
  const [first] = repositories;
  const repository =
    repositories.length < 2
      ? first
      : (
          await vscode.window.showQuickPick(
            repositories.map((one) => ({ label: one.name, description: one.workspace, repository: one })),
            { title: vscode.l10n.t('Replay Cassette'), placeHolder: vscode.l10n.t('In which repository?') },
          )
        )?.repository;
  if (repository === undefined) return;
  const [file] =
    (await vscode.window.showOpenDialog({ title: vscode.l10n.t('Replay Cassette'), filters: FILTERS })) ?? [];
  if (file === undefined) return;
  const name = file.path.split('/').at(-1) ?? file.path;
  const submitted = await repository.relay.submit({
    spec: { task: { title: vscode.l10n.t('Replay of {0}', name) }, execution: { cassette: file.fsPath } },
    workspace: repository.workspace,
    origin: 'editor',
  });
  if (!submitted.ok) void vscode.window.showErrorMessage(submitted.error.message);
}
