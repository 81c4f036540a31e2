import * as vscode from 'vscode';
import { err, type Result } from '../../base/result.ts';
import type { ExecutionContext, ExecutionRequest, ExecutorError, Readiness, Report } from '../../domain/executor.ts';
import type { JobSpec } from '../../domain/jobSpec.ts';
import { readGround } from '../../executors/ground.ts';
import { buildPrompt } from '../../executors/prompt.ts';
import { Conversation } from './conversation.ts';
import { failureOf } from './failures.ts';

const ALLOW = 'Allow';
const REFUSE = 'Refuse';

/** Whether this editor has a model that may be used, without asking for it. */
export async function readiness(access: vscode.LanguageModelAccessInformation): Promise<Readiness> {
  const models = await vscode.lm.selectChatModels();
  const first = chosen(models, undefined);
  if (first === undefined)
    return {
      state: 'notInstalled',
      message:
        'This editor has no language model: sign in to Copilot, or add a model by "Chat: Manage Language Models".',
    };
  if (models.every((model) => access.canSendRequest(model) === false))
    return {
      state: 'notSignedIn',
      message: 'Task Relay may not use the language models: allow it in "Manage Language Model Access".',
    };
  return { state: 'ready', version: first.name };
}

/** Runs a task by a model of the editor's, in its slot. */
export async function runByModel(
  { spec }: ExecutionRequest,
  context: ExecutionContext,
  access: vscode.LanguageModelAccessInformation,
): Promise<Result<Report, ExecutorError>> {
  const cancel = new vscode.CancellationTokenSource();
  const stop = (): void => cancel.cancel();
  context.signal.addEventListener('abort', stop);
  if (context.signal.aborted) stop();
  let name = spec.execution?.preferredModel ?? '';
  try {
    const models = await vscode.lm.selectChatModels();
    if (context.signal.aborted) return err({ kind: 'aborted' });
    const model = chosen(models, spec.execution?.preferredModel);
    if (model === undefined) return err({ kind: 'unavailable', message: noModel(models, name) });
    name = model.name;
    context.onLog({ stream: 'relay', text: `by the language model "${name}" (${model.vendor}, ${model.id})` });
    if (access.canSendRequest(model) !== true && !(await consents(context, name)))
      return err({ kind: 'unavailable', message: `The language model "${name}" was not allowed for this task.` });
    return await new Conversation(model, context, cancel.token).run(await promptOf(spec, context.directory));
  } catch (thrown) {
    return err(context.signal.aborted ? { kind: 'aborted' } : failureOf(thrown, name));
  } finally {
    context.signal.removeEventListener('abort', stop);
    cancel.dispose();
  }
}

/**
 * VS Code asks the user itself before an extension first uses a model, and wants that to follow something that the user did.
 * A job may be an agent's, or of this morning: so it waits, and the answer is what the user did.
 */
async function consents({ ask }: ExecutionContext, name: string): Promise<boolean> {
  const text = `This task is to run by the language model "${name}". VS Code asks you once to let Task Relay use it.`;
  return (await ask({ text, choices: [ALLOW, REFUSE], fallback: REFUSE, personsOnly: true })) === ALLOW;
}

function chosen(
  models: readonly vscode.LanguageModelChat[],
  preferred: string | undefined,
): vscode.LanguageModelChat | undefined {
  // The one that Copilot picks by itself is there without a sign-in as well, and then says nothing.
  if (preferred === undefined) return models.find(({ id }) => id !== 'auto') ?? models[0];
  return models.find(({ id, family, name }) => [id, family, name].includes(preferred));
}

function noModel(models: readonly vscode.LanguageModelChat[], preferred: string): string {
  if (models.length === 0)
    return 'This editor has no language model. Sign in to Copilot, or add a model by "Chat: Manage Language Models".';
  const known = models.map(({ id }) => id).join(', ');
  return `This editor has no language model "${preferred}". Set execution.preferredModel to one of these: ${known}.`;
}

/** The one prompt for all agents, and what this one can do. */
async function promptOf(spec: JobSpec, directory: string): Promise<string> {
  const prompt = buildPrompt({ spec, ground: await readGround(directory, spec), form: 'edit' });
  return `${prompt}\n## Tools\n\nYou have tools that list, read, search, edit, write and delete files of the checkout, and no others: you can run nothing.\n`;
}
