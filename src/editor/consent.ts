import * as vscode from 'vscode';
import type { JobView } from '../protocol/jobView.ts';
import type { Job, Repository } from './jobModel.ts';
import type { Settings } from './settings.ts';

/** Asks the user a job's question: in a modal that shows the whole of it, or by an input where any text may be the answer. */
export async function answerQuestion(job: Job, view: JobView): Promise<void> {
  const { question, title } = view;
  if (question === undefined) return;
  const answer =
    question.choices.length === 0 ? await askForText(title, question) : await askForChoice(job, title, question);
  if (answer !== undefined) await giveAnswer(job, question.askId, answer);
}

export async function giveAnswer({ repository, summary }: Job, askId: string, answer: string): Promise<void> {
  const done = await repository.relay.answer({ jobId: summary.jobId, askId, answer, origin: 'editor' });
  if (!done.ok) void vscode.window.showErrorMessage(done.error.message);
}

type Question = NonNullable<JobView['question']>;

function askForText(title: string, { text, fallback = '' }: Question): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('The job "{0}" asks', title),
    prompt: text,
    value: fallback,
    ignoreFocusOut: true,
  });
}

async function askForChoice({ repository }: Job, title: string, question: Question): Promise<string | undefined> {
  const choices = question.choices.filter((choice) => choice !== question.choices.at(-1));
  const refuse = question.choices.at(-1) ?? '';
  return vscode.window.showWarningMessage(
    vscode.l10n.t('The job "{0}" asks', title),
    { modal: true, detail: `${question.text}\n\n${repository.workspace}` },
    ...choices,
    refuse,
  );
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
