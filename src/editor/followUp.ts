import * as vscode from 'vscode';
import type { JobId } from '../domain/ids.ts';
import type { ExecutorView } from '../protocol/executorView.ts';
import type { JobView } from '../protocol/jobView.ts';
import { choices, executorsOf, withPicked, type ExecutorItem } from './executorItems.ts';
import type { Job } from './jobModel.ts';
import { input, pick, runSteps, tooLong, type Step } from './steps.ts';

interface Draft {
  title: string;
  description: string;
  executor: string;
  command: string;
}

/** "Relay: Follow Up…": another task on the result of a job. The new job's id, where one was submitted. */
export async function followUp(job: Job, { jobId, title, executor }: JobView): Promise<JobId | undefined> {
  const draft: Draft = { title: '', description: '', executor, command: '' };
  const heading = vscode.l10n.t('Follow Up: {0}', title);
  if (!(await runSteps(heading, stepsFor(job, executor, draft)))) return undefined;
  const { description, command } = draft;
  const submitted = await job.repository.relay.followUp({
    jobId,
    origin: 'editor',
    task: { title: draft.title, ...(description.trim() === '' ? {} : { description }) },
    execution: { executor: draft.executor, ...(draft.executor === 'command' ? { command } : {}) },
  });
  if (submitted.ok) return submitted.value.jobId;
  void vscode.window.showErrorMessage(submitted.error.message);
  return undefined;
}

/** "Relay: Rebase Job": its task once more, on what HEAD is now. The new job's id. */
export async function rebaseJob({ repository, summary }: Job): Promise<JobId | undefined> {
  const submitted = await repository.relay.rebase({ jobId: summary.jobId, origin: 'editor' });
  if (submitted.ok) return submitted.value.jobId;
  void vscode.window.showErrorMessage(submitted.error.message);
  return undefined;
}

function stepsFor({ repository }: Job, before: string, draft: Draft): readonly Step[] {
  return [
    input({
      prompt: vscode.l10n.t('What is to be done on the result of this job?'),
      value: () => draft.title,
      check: (text) => (text.trim() === '' ? vscode.l10n.t('Give the task a title.') : tooLong(text, 200)),
      take: (text) => (draft.title = text.trim()),
    }),
    input({
      prompt: vscode.l10n.t('Anything else that the job must know? (Enter: nothing)'),
      value: () => draft.description,
      check: (text) => tooLong(text, 10_000),
      take: (text) => (draft.description = text),
    }),
    pick({
      prompt: vscode.l10n.t('What makes the change?'),
      items: () => withPicked([{ label: before, value: before }], draft.executor),
      later: async () => withPicked(itemsFor(before, await executorsOf(repository, false)), draft.executor),
      take: (executor) => (draft.executor = executor),
    }),
    input({
      isAsked: () => draft.executor === 'command',
      prompt: vscode.l10n.t('Which command makes the change? It runs in an isolated checkout.'),
      value: () => draft.command,
      check: (text) => (text.trim() === '' ? vscode.l10n.t('Give a command: it makes the change.') : undefined),
      take: (text) => (draft.command = text),
    }),
  ];
}

/** The one that made the job comes first; each says what it will know of what came before. */
function itemsFor(before: string, views: readonly ExecutorView[]): readonly ExecutorItem[] {
  const resuming = new Set(views.filter(({ resumes }) => resumes === true).map(({ name }) => name));
  const told = choices(views)
    .filter(({ value }) => value !== 'auto' || before === 'auto')
    .map((item) => ({ ...item, detail: joined(item.detail, knows(item.value, before, resuming)) }));
  const isFirst = ({ value }: ExecutorItem): boolean => value === before;
  return [...told.filter(isFirst), ...told.filter((item) => !isFirst(item))];
}

function knows(executor: string, before: string, resuming: ReadonlySet<string>): string {
  if (executor === 'command') return vscode.l10n.t('runs on the result, and is told nothing');
  return executor === before && resuming.has(executor)
    ? vscode.l10n.t('goes on in the thread of this job where that was kept')
    : vscode.l10n.t('begins a thread of its own, and is told what came before');
}

function joined(one: string | undefined, other: string): string {
  return one === undefined ? other : `${one} ${other}`;
}
