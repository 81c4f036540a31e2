import * as vscode from 'vscode';
import type { JobView } from '../protocol/jobView.ts';
import type { Job, Repository } from './jobModel.ts';
import type { Settings } from './settings.ts';

/** Asks the user a job's question, in a modal that shows the whole of it. */
export async function answerQuestion({ repository }: Job, view: JobView): Promise<void> {
  const { question, jobId, title } = view;
  if (question === undefined) return;
  const choices = question.choices.filter((choice) => choice !== question.choices.at(-1));
  const refuse = question.choices.at(-1) ?? '';
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('The job "{0}" asks', title),
    { modal: true, detail: `${question.text}\n\n${repository.workspace}` },
    ...choices,
    refuse,
  );
  if (answer === undefined) return;
  const done = await repository.relay.answer({ jobId, askId: question.askId, answer, origin: 'editor' });
  if (!done.ok) void vscode.window.showErrorMessage(done.error.message);
}

/** Shows the agents' commands that were allowed for good, and takes them back. */
export async function manageAgentCommands(repositories: readonly Repository[], settings: Settings): Promise<void> {
  const items = repositories.flatMap((repository) =>
    settings
      .allowed(repository.workspace)
      .map((run) => ({ label: run, description: repository.name, repository, picked: true })),
  );
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('No command of an agent is allowed for good.'));
    return;
  }
  const kept = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    placeHolder: vscode.l10n.t('Agents may run these without asking. Untick what they may not.'),
  });
  if (kept === undefined) return;
  for (const repository of repositories) {
    const runs = kept.filter((item) => item.repository === repository).map(({ label }) => label);
    await settings.setAllowed(repository.workspace, runs);
  }
}
