import type { Usage } from '../../domain/artifact.ts';
import type { ClaudeEvent, Ended, MessageUsage, ToolCall } from './events.ts';

const EDITING: ReadonlySet<string> = new Set(['Edit', 'Write', 'Bash']);
export const ANSWER_TOOL = 'StructuredOutput';

/** What has become of one run so far, out of its events. */
export class Course {
  readonly #calls = new Map<string, ToolCall>();
  readonly #used = new Map<string, MessageUsage>();
  readonly #denied = new Set<string>();
  #sessionId: string | undefined;
  #version: string | undefined;
  #changes = 0;
  #lastAnswer: unknown;
  #error: string | undefined;
  #isLimited = false;
  #resetsAt: number | undefined;
  #end: Ended | undefined;

  take(event: ClaudeEvent): void {
    switch (event.kind) {
      case 'started':
        this.#sessionId = event.sessionId;
        this.#version = event.version;
        return;
      case 'message':
        this.#error = event.error ?? this.#error;
        for (const call of event.calls) {
          this.#calls.set(call.id, call);
          if (call.tool === ANSWER_TOOL) this.#lastAnswer = call.input;
        }
        // Each block of a message comes as an event of its own, with the usage of the whole.
        if (event.usage !== undefined && event.error === undefined) this.#used.set(event.id, event.usage);
        return;
      case 'results':
        for (const { call, isError } of event.results) if (!isError && this.#isEdit(call)) this.#changes++;
        return;
      case 'denied':
        this.#denied.add(event.call);
        return;
      case 'limit':
        this.#isLimited = event.isReached;
        this.#resetsAt = event.resetsAt;
        return;
      case 'ended':
        this.#end = event;
        return;
      case 'retry':
      case 'other':
      case 'unreadable':
        return;
    }
  }

  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  get version(): string | undefined {
    return this.#version;
  }

  get end(): Ended | undefined {
    return this.#end;
  }

  /** The provider's last refusal, in the program's word for it. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Whether its provider takes no more; `resetsAt` in ms since 1970. */
  get limit(): { readonly resetsAt: number | undefined } | undefined {
    return this.#isLimited ? { resetsAt: this.#resetsAt } : undefined;
  }

  /** How often a tool that can change files did its work. */
  get changes(): number {
    return this.#changes;
  }

  /** What it last gave as its answer, whether or not that was taken. */
  get lastAnswer(): unknown {
    return this.#lastAnswer;
  }

  callOf(id: string): ToolCall | undefined {
    return this.#calls.get(id);
  }

  isDenied(id: string): boolean {
    return this.#denied.has(id);
  }

  /** The denied calls that would have changed files. */
  get deniedEdits(): readonly ToolCall[] {
    return (this.#end?.denials ?? []).filter(({ tool }) => EDITING.has(tool));
  }

  /** In all so far. Messages tell their output too low, as they tell it when they begin; the end has the true figures. */
  get usage(): Usage {
    const { end } = this;
    const used = end?.usage ?? totalOf([...this.#used.values()]);
    return {
      inputTokens: used.input,
      cachedInputTokens: used.cached,
      outputTokens: used.output,
      turns: end?.turns ?? this.#used.size,
      ...(end?.costUsd === undefined ? {} : { costUsd: end.costUsd }),
    };
  }

  #isEdit(id: string): boolean {
    const call = this.#calls.get(id);
    return call !== undefined && EDITING.has(call.tool);
  }
}

function totalOf(all: readonly MessageUsage[]): MessageUsage {
  let [input, cached, output] = [0, 0, 0];
  for (const one of all) {
    input += one.input;
    cached += one.cached;
    output += one.output;
  }
  return { input, cached, output };
}
