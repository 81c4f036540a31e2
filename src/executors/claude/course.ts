import { cutCopy } from '../../base/cutCopy.ts';
import { Recent } from '../../base/recent.ts';
import type { Usage } from '../../domain/artifact.ts';
import type { ClaudeEvent, Ended, MessageUsage, ToolCall } from './events.ts';

const EDITING: ReadonlySet<string> = new Set(['Edit', 'Write', 'Bash']);
export const ANSWER_TOOL = 'StructuredOutput';

/** Calls and denials that are remembered, messages whose figures may still change, and characters of a word of theirs. */
const MOST_CALLS = 1000;
const MOST_MESSAGES = 100;
const LONGEST_WORD = 2000;

/** The arguments by which a person knows a call. What else a tool was given may be a whole file, and is not kept. */
const NAMING = ['file_path', 'pattern', 'command'];

/** What has become of one run so far, out of its events. Bounded, whatever those are. */
export class Course {
  readonly #calls = new Recent<ToolCall>(MOST_CALLS);
  readonly #used = new Recent<MessageUsage>(MOST_MESSAGES);
  /** What messages used that are no longer among those. */
  #settled: MessageUsage = { input: 0, cached: 0, output: 0 };
  #settledCount = 0;
  readonly #denied = new Recent<true>(MOST_CALLS);
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
          this.#calls.set(keyOf(call.id), named(call));
          if (call.tool === ANSWER_TOOL) this.#lastAnswer = call.input;
        }
        // Each block of a message comes as an event of its own, with the usage of the whole.
        if (event.usage !== undefined && event.error === undefined) this.#use(keyOf(event.id), event.usage);
        return;
      case 'results':
        for (const { call, isError } of event.results) if (!isError && this.#isEdit(call)) this.#changes++;
        return;
      case 'denied':
        this.#denied.set(keyOf(event.call), true);
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

  /** Its tool, and of its input what names it. */
  callOf(id: string): ToolCall | undefined {
    return this.#calls.get(keyOf(id));
  }

  isDenied(id: string): boolean {
    return this.#denied.has(keyOf(id));
  }

  /** The denied calls that would have changed files. */
  get deniedEdits(): readonly ToolCall[] {
    return (this.#end?.denials ?? []).filter(({ tool }) => EDITING.has(tool));
  }

  /** In all so far. Messages tell their output too low, as they tell it when they begin; the end has the true figures. */
  get usage(): Usage {
    const { end } = this;
    const used = end?.usage ?? totalOf([this.#settled, ...this.#used.values()]);
    return {
      inputTokens: used.input,
      cachedInputTokens: used.cached,
      outputTokens: used.output,
      turns: end?.turns ?? this.#settledCount + this.#used.size,
      ...(end?.costUsd === undefined ? {} : { costUsd: end.costUsd }),
    };
  }

  #use(id: string, usage: MessageUsage): void {
    const gone = this.#used.set(id, usage);
    if (gone === undefined) return;
    this.#settled = totalOf([this.#settled, gone]);
    this.#settledCount++;
  }

  #isEdit(id: string): boolean {
    const call = this.callOf(id);
    return call !== undefined && EDITING.has(call.tool);
  }
}

function keyOf(id: string): string {
  return cutCopy(id, LONGEST_WORD);
}

function named({ id, tool, input }: ToolCall): ToolCall {
  const words = NAMING.flatMap((name) => {
    const value = input[name];
    return typeof value === 'string' ? [[name, cutCopy(value, LONGEST_WORD)] as const] : [];
  });
  return { id: keyOf(id), tool: cutCopy(tool, LONGEST_WORD), input: Object.fromEntries(words) };
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
