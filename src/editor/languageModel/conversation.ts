import * as vscode from 'vscode';
import { err, ok, type Result } from '../../base/result.ts';
import type { ExecutionContext, ExecutorError, Report } from '../../domain/executor.ts';
import { SlotFiles } from './slotFiles.ts';
import { modelTools } from './tools.ts';

/** Turns that one attempt may take. */
const MOST_TURNS = 60;

interface Turn {
  readonly text: string;
  readonly calls: readonly vscode.LanguageModelToolCallPart[];
}

/** A model at work in a slot: it asks for tools until it has nothing more to do. Throws what the model throws. */
export class Conversation {
  readonly #model: vscode.LanguageModelChat;
  readonly #context: ExecutionContext;
  readonly #token: vscode.CancellationToken;
  readonly #files: SlotFiles;
  readonly #messages: vscode.LanguageModelChatMessage[] = [];
  /** Tokens of all messages so far, as the model counts them. */
  #length = 0;
  #usage = { inputTokens: 0, outputTokens: 0, turns: 0 };

  constructor(model: vscode.LanguageModelChat, context: ExecutionContext, token: vscode.CancellationToken) {
    this.#model = model;
    this.#context = context;
    this.#token = token;
    this.#files = new SlotFiles(context.directory);
  }

  async run(prompt: string): Promise<Result<Report, ExecutorError>> {
    await this.#add(vscode.LanguageModelChatMessage.User(prompt), prompt);
    for (let turn = 1; turn <= MOST_TURNS; turn++) {
      // Nothing is asked of a model that may hear of no cancel.
      if (this.#isStopped()) return err({ kind: 'aborted' });
      const { text, calls } = await this.#ask();
      if (this.#isStopped()) return err({ kind: 'aborted' });
      if (text.trim() !== '') this.#context.onLog({ stream: 'agent', text });
      if (calls.length === 0 && text.trim() === '') return this.#failed('said nothing');
      if (calls.length === 0) return ok({ summary: text.trim(), usage: this.#usage, prompt, version: this.#model.id });
      const said = text === '' ? [] : [new vscode.LanguageModelTextPart(text)];
      this.#messages.push(vscode.LanguageModelChatMessage.Assistant([...said, ...calls]));
      await this.#carryOut(calls);
    }
    return this.#failed(`was not done after ${String(MOST_TURNS)} turns: ask for less`);
  }

  #isStopped(): boolean {
    return this.#context.signal.aborted;
  }

  #failed(why: string): Result<never, ExecutorError> {
    const message = `The language model "${this.#model.name}" ${why}.`;
    return err({ kind: 'failed', message, usage: this.#usage });
  }

  async #ask(): Promise<Turn> {
    const response = await this.#model.sendRequest(
      this.#messages,
      {
        justification: vscode.l10n.t('Task Relay runs a task of yours by this model, in a checkout of its own.'),
        tools: modelTools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
      },
      this.#token,
    );
    let text = '';
    const calls: vscode.LanguageModelToolCallPart[] = [];
    for await (const part of response.stream) {
      if (part instanceof vscode.LanguageModelTextPart) text += part.value;
      else if (part instanceof vscode.LanguageModelToolCallPart) calls.push(part);
    }
    const spoken = await this.#count(text + calls.map(({ input }) => JSON.stringify(input)).join(''));
    const { inputTokens, outputTokens, turns } = this.#usage;
    this.#usage = { inputTokens: inputTokens + this.#length, outputTokens: outputTokens + spoken, turns: turns + 1 };
    this.#length += spoken;
    this.#context.onUsage(this.#usage);
    return { text, calls };
  }

  async #carryOut(calls: Turn['calls']): Promise<void> {
    const results: vscode.LanguageModelToolResultPart[] = [];
    let all = '';
    for (const { callId, name, input } of calls) {
      if (this.#isStopped()) return;
      const tool = modelTools.find((one) => one.name === name);
      const told = (await tool?.call(this.#files, input)) ?? err(`There is no tool "${name}".`);
      const what = tool?.say({ ...input }) ?? name;
      this.#context.onLog({ stream: 'agent', text: told.ok ? what : `${what}: ${told.error}` });
      const answer = told.ok ? told.value : `Refused: ${told.error}`;
      all += answer;
      results.push(new vscode.LanguageModelToolResultPart(callId, [new vscode.LanguageModelTextPart(answer)]));
    }
    await this.#add(vscode.LanguageModelChatMessage.User(results), all);
  }

  async #add(message: vscode.LanguageModelChatMessage, text: string): Promise<void> {
    this.#messages.push(message);
    this.#length += await this.#count(text);
  }

  /** A figure that a model cannot tell is nothing to fail for. */
  async #count(text: string): Promise<number> {
    try {
      return await this.#model.countTokens(text, this.#token);
    } catch {
      return 0;
    }
  }
}
