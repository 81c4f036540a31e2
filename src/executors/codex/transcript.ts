import type { Clock } from '../../base/clock.ts';
import { cutCopy } from '../../base/cutCopy.ts';
import { Recent } from '../../base/recent.ts';
import { never } from '../../base/result.ts';
import type { Usage } from '../../domain/artifact.ts';
import type { ExecutionContext } from '../../domain/executor.ts';
import { decodeEvent, type Item } from './events.ts';
import { itemLine, short } from './itemLine.ts';

/** What a run of codex came to by its own words. */
export interface Heard {
  /** Whether there was any event. */
  readonly began: boolean;
  readonly sessionId?: string;
  /** The last thing that it said: its answer. */
  readonly message?: string;
  readonly usage?: Usage;
  /** Whether its turn was completed. */
  readonly completed: boolean;
  /** Why its turn failed, or the last error where that is not told. */
  readonly failure?: string;
  readonly edits: {
    readonly made: number;
    /** Why each of the others was not, as far as it is told: the last of them, and short. */
    readonly failed: readonly string[];
    /** A command succeeded after the last of these: it may have made the change in another way. */
    readonly mended: boolean;
  };
  /** What its sandbox said when it could not start, and no command has run. */
  readonly sandbox?: string;
}

/** Its sandbox is bubblewrap or landlock on Linux and sandbox-exec on macOS; what they print when they cannot start. */
const NO_SANDBOX = /^(?:(?:bwrap|sandbox-exec): .*|.*\bSandbox\(\w+\).*)$/m;
/** Patches that codex refuses before there is any event of them are told on stderr alone. */
const REFUSED = /\berror=(patch rejected: .*|apply_patch verification failed: .*)$/;

/** Items under way whose start is remembered, edits that failed, and characters of an id or of a reason. */
const MOST_ITEMS = 1000;
const MOST_FAILED = 20;
const LONGEST_WORD = 2000;

/** Hears a run of codex: logs it for a person as it goes, and keeps what tells its end. */
export class Transcript {
  readonly #context: Pick<ExecutionContext, 'directory' | 'onLog' | 'onUsage'>;
  readonly #clock: Clock;
  readonly #startedAt = new Recent<number>(MOST_ITEMS);
  #began = false;
  #sessionId: string | undefined;
  #message: string | undefined;
  #usage: Usage | undefined;
  #completed = false;
  #failure: string | undefined;
  #error: string | undefined;
  #made = 0;
  #failed: readonly string[] = [];
  #mended = false;
  #commandRan = false;
  #sandbox: string | undefined;

  constructor(context: Pick<ExecutionContext, 'directory' | 'onLog' | 'onUsage'>, clock: Clock) {
    this.#context = context;
    this.#clock = clock;
  }

  /** A line of stdout. */
  take(line: string): void {
    const event = decodeEvent(line);
    switch (event.type) {
      case 'text':
        if (event.text.trim() !== '') this.#say(`prints: ${short(event.text)}`);
        return;
      case 'unknown':
        this.#say(`event: ${event.name}, which is not known to the relay`);
        break;
      case 'thread.started':
        this.#sessionId = event.thread_id;
        break;
      case 'turn.started':
        break;
      case 'turn.completed':
        this.#completed = true;
        if (event.usage !== undefined) this.#use(event.usage);
        break;
      case 'turn.failed':
        this.#failure = event.error.message;
        break;
      case 'error':
        this.#error = event.message;
        this.#say(`warns: ${short(event.message)}`);
        break;
      case 'item.started':
        if ('id' in event.item) this.#startedAt.set(keyOf(event.item.id), this.#clock.monotonic());
        break;
      case 'item.updated':
        break;
      case 'item.completed':
        this.#itemOver(event.item);
        break;
      default:
        never(event);
    }
    this.#began = true;
  }

  /** A line of stderr. */
  takeError(line: string): void {
    const why = REFUSED.exec(line)?.[1];
    if (why === undefined) return;
    this.#say(`refused: ${short(why)}`);
    this.#editFailed(why);
  }

  heard(): Heard {
    const failure = this.#failure ?? (this.#completed ? undefined : this.#error);
    const sandbox = this.#commandRan || this.#made > 0 ? undefined : this.#sandbox;
    return {
      began: this.#began,
      completed: this.#completed,
      edits: { made: this.#made, failed: this.#failed, mended: this.#mended },
      ...(this.#sessionId === undefined ? {} : { sessionId: this.#sessionId }),
      ...(this.#message === undefined ? {} : { message: this.#message }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(failure === undefined ? {} : { failure }),
      ...(sandbox === undefined ? {} : { sandbox }),
    };
  }

  #itemOver(item: Item): void {
    const startedAt = 'id' in item ? this.#startedAt.get(keyOf(item.id)) : undefined;
    if ('id' in item) this.#startedAt.delete(keyOf(item.id));
    const tookMs = startedAt === undefined ? undefined : this.#clock.monotonic() - startedAt;
    this.#say(itemLine(item, this.#context.directory, tookMs));
    if (item.type === 'agent_message') this.#message = item.text;
    if (item.type === 'file_change') {
      if (item.status === 'completed') this.#made++;
      else this.#editFailed(`could not be written: ${item.changes.map(({ path }) => path).join(', ')}`);
    }
    if (item.type === 'command_execution') this.#commandOver(item);
  }

  #commandOver({
    exit_code: code,
    status,
    aggregated_output: output,
  }: Extract<Item, { type: 'command_execution' }>): void {
    const isOk = (code ?? undefined) === undefined ? status === 'completed' : code === 0;
    const told = isOk ? undefined : NO_SANDBOX.exec(output)?.[0];
    if (told !== undefined) this.#sandbox = told;
    else this.#commandRan = true;
    if (isOk) this.#mended = this.#failed.length > 0;
  }

  #editFailed(why: string): void {
    this.#failed = [...this.#failed.slice(1 - MOST_FAILED), cutCopy(why, LONGEST_WORD)];
    this.#mended = false;
  }

  /** The figures of the whole turn; there is one in a run. */
  #use(told: { input_tokens: number; cached_input_tokens?: number | undefined; output_tokens: number }): void {
    const { turns: before = 0, inputTokens = 0, cachedInputTokens = 0, outputTokens = 0 } = this.#usage ?? {};
    this.#usage = {
      inputTokens: inputTokens + told.input_tokens,
      cachedInputTokens: cachedInputTokens + (told.cached_input_tokens ?? 0),
      outputTokens: outputTokens + told.output_tokens,
      turns: before + 1,
    };
    this.#context.onUsage(this.#usage);
  }

  #say(text: string): void {
    this.#context.onLog({ stream: 'agent', text });
  }
}

function keyOf(id: string): string {
  return cutCopy(id, LONGEST_WORD);
}
