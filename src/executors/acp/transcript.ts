import { isAbsolute, relative } from 'node:path';
import { cutCopy } from '../../base/cutCopy.ts';
import { Recent } from '../../base/recent.ts';
import { never } from '../../base/result.ts';
import type { Usage } from '../../domain/artifact.ts';
import type { LogEvent } from '../../domain/executor.ts';
import { parseProposal } from '../../domain/proposal.ts';
import { readUpdate, type ToolCall, type Update } from './update.ts';

/** Characters of a message that are kept, of a thought that are shown, and of what a tool that failed said. */
const LONGEST_MESSAGE = 4 * 1024 * 1024;
const SHOWN_THOUGHT = 200;
const SHOWN_FAILURE = 500;
/** Messages that are kept: a proposal may have others behind it. */
const MOST_MESSAGES = 20;
/** Calls that are remembered, for what an update of one leaves out. */
const MOST_CALLS = 1000;
/** Characters of a title, a kind or an id that are kept. */
const LONGEST_WORD = 4096;

export interface Known {
  readonly title: string;
  readonly kind: string;
  readonly status: string;
  readonly paths: readonly string[];
}

type Voice = 'says' | 'thinks';

/** What an agent tells while it works: the log for a person, its last message, and what it says that it used. */
export class Transcript {
  readonly #directory: string;
  readonly #onLog: (event: LogEvent) => void;
  readonly #calls = new Recent<Known>(MOST_CALLS);
  #voice: Voice = 'says';
  #messageId: string | undefined;
  #text = '';
  #messages: readonly string[] = [];
  #costUsd: number | undefined;
  /** What the session had cost before; undefined where nobody knows. */
  #costBefore: number | undefined;
  #hasActed = false;

  /** `goesOn`: the session is an earlier one, and its cost is told with what it had cost before. */
  constructor(directory: string, onLog: (event: LogEvent) => void, goesOn = false) {
    this.#directory = directory;
    this.#onLog = onLog;
    this.#costBefore = goesOn ? undefined : 0;
  }

  /** What the agent said last, without white space around it; "" where it said nothing. */
  get lastMessage(): string {
    return this.#messages.findLast((text) => !isNotice(text)) ?? this.#messages.at(-1) ?? '';
  }

  /** The last message that is a proposal; where none is, what was said last, for a word on what is wrong with it. */
  get proposal(): string {
    return this.#messages.findLast((text) => parseProposal(text).ok) ?? this.lastMessage;
  }

  /** Whether any tool was called. */
  get hasActed(): boolean {
    return this.#hasActed;
  }

  /** What the run cost, where the agent tells it in US dollars. */
  get usage(): Usage {
    const [now, before] = [this.#costUsd, this.#costBefore];
    return now === undefined || before === undefined ? {} : { costUsd: Math.max(0, now - before) };
  }

  /** What was told of a call, with what this update adds to it. */
  call(update: ToolCall): Known {
    const before = this.#calls.get(keyOf(update.toolCallId));
    const told = [...(update.locations ?? []), ...diffsOf(update)].map(({ path }) => path);
    return {
      title: cutCopy(update.title ?? before?.title ?? 'a tool', LONGEST_WORD),
      kind: cutCopy(update.kind ?? before?.kind ?? 'other', LONGEST_WORD),
      status: cutCopy(update.status ?? before?.status ?? 'pending', LONGEST_WORD),
      paths: told.length > 0 ? [...new Set(told)] : (before?.paths ?? []),
    };
  }

  take(params: unknown): void {
    const update = readUpdate(params);
    if (update !== undefined) this.#take(update);
  }

  /** What was told of the session as it was before: nothing of it is this run's. */
  takeOld(params: unknown): void {
    const update = readUpdate(params);
    if (update?.sessionUpdate === 'usage_update' && update.cost?.currency === 'USD')
      this.#costBefore = update.cost.amount;
  }

  /** A line of the log that is not an update. */
  say(text: string): void {
    this.#onLog({ stream: 'agent', text });
  }

  /** Nothing more comes. */
  end(): void {
    this.#flush();
  }

  #take(update: Update): void {
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
        this.#chunk('says', update.content.text ?? `[${update.content.type}]`, update.messageId ?? undefined);
        break;
      case 'agent_thought_chunk':
        this.#chunk('thinks', update.content.text ?? '', update.messageId ?? undefined);
        break;
      case 'tool_call':
      case 'tool_call_update':
        this.#called(update);
        break;
      case 'plan':
        this.#flush();
        this.say(`plan: ${update.entries.map(entryText).join('; ')}`);
        break;
      case 'usage_update':
        if (update.cost?.currency === 'USD') this.#costUsd = update.cost.amount;
        break;
      case 'current_mode_update':
        this.say(`mode: ${update.currentModeId}`);
        break;
      default:
        never(update);
    }
  }

  #chunk(voice: Voice, text: string, messageId: string | undefined): void {
    if (voice !== this.#voice || messageId !== this.#messageId) this.#flush();
    this.#voice = voice;
    this.#messageId = messageId;
    this.#text += cutCopy(text, LONGEST_MESSAGE - this.#text.length);
  }

  #flush(): void {
    const text = this.#text.trim();
    this.#text = '';
    if (text === '') return;
    if (this.#voice === 'says') {
      this.#messages = [...this.#messages.slice(1 - MOST_MESSAGES), text];
      this.say(text);
    } else this.say(`thinks: ${short(text, SHOWN_THOUGHT)}`);
  }

  #called(update: ToolCall): void {
    this.#flush();
    this.#hasActed = true;
    const before = this.#calls.get(keyOf(update.toolCallId));
    const now = this.call(update);
    this.#calls.set(keyOf(update.toolCallId), now);
    const paths = now.paths.map((path) => this.#shown(path)).join(', ');
    if (before === undefined)
      this.say(`${now.kind}: ${short(now.title, SHOWN_FAILURE)}${paths === '' ? '' : ` (${paths})`}`);
    if (now.status === before?.status) return;
    if (now.status === 'completed') for (const { path } of diffsOf(update)) this.say(`edit: ${this.#shown(path)}`);
    if (now.status === 'failed') this.say(`failed: ${short(now.title, SHOWN_FAILURE)}${failureText(update)}`);
  }

  /** Relative to the slot, where it says that it is there. */
  #shown(path: string): string {
    const inside = isAbsolute(path) ? relative(this.#directory, path) : path;
    return short(inside.startsWith('..') ? path : inside, SHOWN_FAILURE);
  }
}

function keyOf(id: string): string {
  return cutCopy(id, LONGEST_WORD);
}

/** Claude's and Codex's adapters put warnings of theirs between the model's messages, and behind the last one. */
function isNotice(text: string): boolean {
  return /^(?:\*\*)?Warning:/.test(text);
}

function diffsOf({ content }: ToolCall): readonly { readonly path: string }[] {
  return (content ?? []).flatMap(({ type, path }) => (type === 'diff' && typeof path === 'string' ? [{ path }] : []));
}

function failureText({ content }: ToolCall): string {
  const texts = (content ?? []).flatMap((part) => part.content?.text ?? []);
  const text = texts.join(' ').trim();
  return text === '' ? '' : `: ${short(text, SHOWN_FAILURE)}`;
}

function entryText({ content, status }: { readonly content: string; readonly status: string }): string {
  const mark = status === 'completed' ? '[x]' : status === 'in_progress' ? '[>]' : '[ ]';
  return `${mark} ${short(content, SHOWN_THOUGHT)}`;
}

/** On one line, and cut where it is long. */
function short(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most).trimEnd()} …` : line;
}
