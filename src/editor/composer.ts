import * as vscode from 'vscode';
import type { Gate, JobSpec, Priority } from '../domain/jobSpec.ts';
import { choices, executorsOf, firstChoices, withPicked } from './executorItems.ts';
import { startingPointStep, type HasUncommitted, type StartingPoint } from './startingPoint.ts';
import { input, pick, runSteps, ticks, tooLong, type Step } from './steps.ts';
import type { Repository } from './jobModel.ts';

/** What the user has chosen so far. */
interface Draft {
  repository?: Repository;
  title: string;
  description: string;
  acceptance: string;
  executor: string;
  command: string;
  checks: string;
  priority: Priority;
  start: StartingPoint;
  /** Protected paths that the patch may touch. */
  allowed: readonly string[];
}

/** Tells the protected paths that a text names. */
type Mentioned = (text: string) => readonly string[];

const REMEMBERED = 'composer.last';

/** "Relay: Submit Task": a few questions with a way back, and what the last answers were. */
export async function composeTask(
  repositories: readonly Repository[],
  memory: vscode.Memento,
): Promise<{ readonly repository: Repository; readonly spec: JobSpec } | undefined> {
  const last = memory.get<Partial<Draft>>(REMEMBERED, {});
  const draft: Draft = {
    title: '',
    description: selectionText() ?? '',
    acceptance: '',
    executor: last.executor ?? 'auto',
    command: last.command ?? '',
    checks: last.checks ?? '',
    priority: last.priority ?? 'P1',
    start: 'head',
    allowed: [],
    ...(repositories[0] === undefined ? {} : { repository: repositories[0] }),
  };
  const engine = await import('../host/window.ts');
  const hasUncommitted: HasUncommitted = (workspace) => engine.hasUncommitted(workspace, process.env);
  const start = startingPointStep(repositories, hasUncommitted, {
    repository: () => draft.repository,
    take: (where) => (draft.start = where),
  });
  const steps = [...stepsFor(repositories, draft, engine.mentionedProtected), start.step];
  const done = await runSteps(vscode.l10n.t('Submit Task'), steps, start.settled);
  if (!done || draft.repository === undefined) return undefined;
  const { executor, command, checks, priority } = draft;
  await memory.update(REMEMBERED, { executor, command, checks, priority });
  return { repository: draft.repository, spec: specOf(draft) };
}

function stepsFor(repositories: readonly Repository[], draft: Draft, mentioned: Mentioned): readonly Step[] {
  const choice: readonly Step[] =
    repositories.length < 2
      ? []
      : [
          pick({
            prompt: vscode.l10n.t('In which repository?'),
            items: () =>
              repositories.map((repository) => ({
                label: repository.name,
                description: repository.workspace,
                value: repository,
              })),
            take: (repository) => {
              draft.repository = repository;
              draft.start = 'head';
            },
          }),
        ];
  return [
    ...choice,
    input({
      prompt: vscode.l10n.t('What is to be done?'),
      placeholder: vscode.l10n.t('A short title: Add a health check'),
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
    input({
      prompt: vscode.l10n.t('When is it done? Criteria, separated by ";" (Enter: none)'),
      value: () => draft.acceptance,
      check: () => undefined,
      take: (text) => (draft.acceptance = text),
    }),
    pick({
      prompt: vscode.l10n.t('What makes the change?'),
      items: () => withPicked(firstChoices(), draft.executor),
      later: async () =>
        withPicked(
          draft.repository === undefined ? [] : choices(await executorsOf(draft.repository, false)),
          draft.executor,
        ),
      take: (executor) => (draft.executor = executor),
    }),
    input({
      isAsked: () => draft.executor === 'command',
      prompt: vscode.l10n.t('Which command makes the change? It runs in an isolated checkout.'),
      placeholder: 'npx prettier --write src',
      value: () => draft.command,
      check: (text) => (text.trim() === '' ? vscode.l10n.t('Give a command: it makes the change.') : undefined),
      take: (text) => (draft.command = text),
    }),
    input({
      prompt: vscode.l10n.t('Which commands must pass on the result? name=command, separated by ";" (Enter: none)'),
      placeholder: 'test=npm test',
      value: () => draft.checks,
      check: (text) => (gatesOf(text) === undefined ? vscode.l10n.t('Write each as name=command.') : undefined),
      take: (text) => (draft.checks = text),
    }),
    pick<Priority>({
      prompt: vscode.l10n.t('How urgent is it?'),
      items: () => priorities().map((item) => ({ ...item, picked: item.value === draft.priority })),
      take: (priority) => (draft.priority = priority),
    }),
    ticks({
      prompt: vscode.l10n.t('The task names protected paths. Tick those that the patch may touch. (Enter: none)'),
      items: () =>
        mentioned(
          `${draft.title}\n${draft.description}\n${draft.acceptance}\n${draft.executor === 'command' ? draft.command : ''}`,
        ),
      take: (allowed) => (draft.allowed = allowed),
    }),
  ];
}

function priorities(): readonly { readonly label: string; readonly description: string; readonly value: Priority }[] {
  return [
    { label: 'P1', description: vscode.l10n.t('normal'), value: 'P1' },
    { label: 'P0', description: vscode.l10n.t('before all others'), value: 'P0' },
    { label: 'P2', description: vscode.l10n.t('when nothing else waits'), value: 'P2' },
  ];
}

function specOf(draft: Draft): JobSpec {
  const acceptance = draft.acceptance
    .split(';')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const checks = gatesOf(draft.checks) ?? [];
  return {
    ...(draft.start === 'head' ? {} : { repo: { type: 'workspace', include: draft.start } }),
    task: {
      title: draft.title,
      ...(draft.description.trim() === '' ? {} : { description: draft.description }),
      ...(acceptance.length === 0 ? {} : { acceptance }),
    },
    ...(draft.allowed.length === 0 ? {} : { scope: { allowProtected: [...draft.allowed] } }),
    ...(checks.length === 0 ? {} : { checks: [...checks] }),
    execution: {
      executor: draft.executor,
      ...(draft.executor === 'command' ? { command: draft.command } : {}),
      priority: draft.priority,
    },
  };
}

/** Undefined where a part is no name=command. */
function gatesOf(text: string): readonly Gate[] | undefined {
  const parts = text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const gates = parts.map((part) => /^([^=]+)=(.+)$/s.exec(part));
  if (gates.some((gate) => gate === null)) return undefined;
  return gates.map((gate) => ({ name: gate?.[1]?.trim() ?? '', run: gate?.[2]?.trim() ?? '' }));
}

/** What is selected in the editor goes along as context. */
function selectionText(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty || editor.document.uri.scheme !== 'file') return undefined;
  const { start, end } = editor.selection;
  const where = `${vscode.workspace.asRelativePath(editor.document.uri)}:${String(start.line + 1)}-${String(end.line + 1)}`;
  return vscode.l10n.t('About {0}', where);
}
