import * as vscode from 'vscode';
import type { JobModel, Repository } from './jobModel.ts';
import type { Node } from './jobNode.ts';
import type { PlanDocument } from './planDocument.ts';

/** "Relay: Plan Apply Order": of the rows that are selected, where there are several; else of a whole repository. */
export async function choosePlan(
  { model, plan, tree }: { readonly model: JobModel; readonly plan: PlanDocument; readonly tree: Selected },
  nodes: readonly Node[],
): Promise<void> {
  const meant = nodes.length > 0 ? nodes : tree.selected;
  const jobs = [...new Map(meant.map(({ job }) => [job.summary.jobId, job])).values()];
  const [first] = jobs;
  if (jobs.length > 1 && first !== undefined) {
    const jobIds = jobs.map(({ summary }) => summary.jobId);
    await plan.show(first.repository, jobIds);
    return;
  }
  const repository = first?.repository ?? (await chosenAmong(model.repositories));
  if (repository !== undefined) await plan.show(repository);
}

interface Selected {
  readonly selected: readonly Node[];
}

async function chosenAmong(repositories: readonly Repository[]): Promise<Repository | undefined> {
  if (repositories.length < 2) return repositories[0];
  const items = repositories.map((repository) => ({
    label: repository.name,
    description: repository.workspace,
    repository,
  }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('In which repository?') });
  return picked?.repository;
}
