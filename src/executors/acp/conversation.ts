import { PROTOCOL_VERSION, RequestError, type ClientContext } from '@agentclientprotocol/sdk';
import * as z from 'zod';
import { err, messageOf, ok, type Result } from '../../base/result.ts';
import { Initialized, Loaded, Opened, Prompted, type Offer } from './answers.ts';
import type { AcpAgent } from './presets.ts';

/** Why a conversation did not come to the end of its turn. */
export type Breach =
  /** The program ended, or was ended, before it answered. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'signIn'; readonly methods: readonly Offer[]; readonly message: string }
  /** The session that it was to go on in cannot be loaded. */
  | { readonly kind: 'threadGone'; readonly message: string }
  /** It answered a request with an error. */
  | { readonly kind: 'error'; readonly method: string; readonly code: number; readonly message: string }
  /** Its answer has another shape than the protocol's. */
  | { readonly kind: 'odd'; readonly method: string; readonly message: string }
  | {
      readonly kind: 'notOffered';
      readonly what: 'mode' | 'model';
      readonly wanted: string;
      readonly offers: readonly Offer[];
    };

/** A turn that ended in good order, whatever came of it. */
export interface Turn {
  readonly sessionId: string;
  /** The program's name and version, as it tells them. */
  readonly agent: string | undefined;
  readonly prompted: Prompted;
}

export interface Talk {
  readonly directory: string;
  readonly prompt: string;
  readonly agent: AcpAgent;
  /** The mode that was asked for; `isWish`: without it, the agent's own will do. */
  readonly mode?: { readonly id: string; readonly isWish: boolean } | undefined;
  readonly model?: string | undefined;
  /** The id of the session to go on in. */
  readonly from?: string | undefined;
  /** Called once the program has shown that it speaks the protocol. */
  readonly onGreeted: () => void;
  readonly say: (text: string) => void;
}

/** One session with one turn, new or gone on with. https://agentclientprotocol.com/protocol/overview */
export class Conversation {
  readonly #to: ClientContext;
  readonly #talk: Talk;
  #prompting: string | undefined;
  #isLoading = false;

  constructor(to: ClientContext, talk: Talk) {
    this.#to = to;
    this.#talk = talk;
  }

  /** Whether what it tells is what was said before: it tells the whole of a session that is loaded. */
  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** Tells the agent to stop its turn; false where no turn is under way. */
  cancel(): boolean {
    if (this.#prompting === undefined) return false;
    void this.#to.notify('session/cancel', { sessionId: this.#prompting }).catch(() => undefined);
    return true;
  }

  async run(): Promise<Result<Turn, Breach>> {
    const { prompt, onGreeted, say } = this.#talk;
    const clientInfo = { name: 'task-relay', title: 'Task Relay', version: '0' };
    // Writes are offered also where each is refused: an agent that is not offered them writes to the disk itself.
    const clientCapabilities = { fs: { readTextFile: true, writeTextFile: true }, terminal: false };
    const hello = { protocolVersion: PROTOCOL_VERSION, clientCapabilities, clientInfo };
    const greeted = await this.#ask('initialize', hello, Initialized);
    if (!greeted.ok) return greeted;
    const { protocolVersion, agentInfo, authMethods, agentCapabilities } = greeted.value;
    if (protocolVersion !== PROTOCOL_VERSION) return err({ kind: 'version', version: protocolVersion });
    onGreeted();
    const agent = [agentInfo?.name, agentInfo?.version].filter((text) => typeof text === 'string').join(' ');
    if (agent !== '') say(`agent: ${agent}`);
    const opened = await this.#open(authMethods ?? [], agentCapabilities?.loadSession === true);
    if (!opened.ok) return opened;
    const { sessionId } = opened.value;
    const set = await this.#set(opened.value);
    if (!set.ok) return set;
    this.#isLoading = false;
    this.#prompting = sessionId;
    const request = { sessionId, prompt: [{ type: 'text', text: prompt }] };
    const prompted = await this.#ask('session/prompt', request, Prompted);
    this.#prompting = undefined;
    if (!prompted.ok) return this.#orSignIn(prompted, authMethods ?? []);
    return ok({ sessionId, agent: agent === '' ? undefined : agent, prompted: prompted.value });
  }

  /** Signs in only where the agent asks for it: some make the method that is named the user's own for good. */
  async #open(methods: readonly Offer[], canLoad: boolean): Promise<Result<Opened, Breach>> {
    const { agent, from } = this.#talk;
    if (from !== undefined && !canLoad) return err({ kind: 'threadGone', message: 'the agent loads no session' });
    const begin = (): Promise<Result<Opened, Breach>> => (from === undefined ? this.#new() : this.#load(from));
    const opened = await begin();
    const { auth } = agent;
    if (opened.ok || !needsSignIn(opened.error)) return unloaded(opened, from);
    if (auth === undefined || !methods.some(({ id }) => id === auth)) return this.#orSignIn(opened, methods);
    const signed = await this.#ask('authenticate', { methodId: auth }, z.unknown());
    if (!signed.ok) return err({ kind: 'signIn', methods, message: messageFrom(signed.error) });
    return unloaded(this.#orSignIn(await begin(), methods), from);
  }

  #new(): Promise<Result<Opened, Breach>> {
    return this.#ask('session/new', { cwd: this.#talk.directory, mcpServers: [] }, Opened);
  }

  async #load(sessionId: string): Promise<Result<Opened, Breach>> {
    this.#isLoading = true;
    const loaded = await this.#ask('session/load', { sessionId, cwd: this.#talk.directory, mcpServers: [] }, Loaded);
    return loaded.ok ? ok({ ...loaded.value, sessionId }) : loaded;
  }

  #orSignIn<T>(answer: Result<T, Breach>, methods: readonly Offer[]): Result<T, Breach> {
    if (answer.ok || !needsSignIn(answer.error)) return answer;
    return err({ kind: 'signIn', methods, message: messageFrom(answer.error) });
  }

  async #set({ sessionId, modes, models, configOptions }: Opened): Promise<Result<void, Breach>> {
    const { mode, model, say } = this.#talk;
    if (mode !== undefined && mode.id !== modes?.current) {
      const offers = modes?.offers ?? [];
      if (offers.some(({ id }) => id === mode.id)) {
        const set = await this.#ask('session/set_mode', { sessionId, modeId: mode.id }, z.unknown());
        if (!set.ok) return set;
        say(`mode: ${mode.id}`);
      } else if (!mode.isWish) return err({ kind: 'notOffered', what: 'mode', wanted: mode.id, offers });
    }
    if (model === undefined) return ok(undefined);
    const option = configOptions?.find(({ category }) => category === 'model');
    const offers = option?.offers ?? models?.offers ?? [];
    if (!offers.some(({ id }) => id === model))
      return err({ kind: 'notOffered', what: 'model', wanted: model, offers });
    const set =
      option === undefined
        ? await this.#ask('session/set_model', { sessionId, modelId: model }, z.unknown())
        : await this.#ask('session/set_config_option', { sessionId, configId: option.id, value: model }, z.unknown());
    if (!set.ok) return set;
    say(`model: ${model}`);
    return ok(undefined);
  }

  async #ask<T>(method: string, params: unknown, shape: z.ZodType<T>): Promise<Result<T, Breach>> {
    let answer: unknown;
    try {
      answer = await this.#to.request(method, params);
    } catch (thrown) {
      if (!(thrown instanceof RequestError)) return err({ kind: 'gone' });
      return err({ kind: 'error', method, code: thrown.code, message: wordsOf(thrown) });
    }
    const parsed = shape.safeParse(answer);
    return parsed.success ? ok(parsed.data) : err({ kind: 'odd', method, message: z.prettifyError(parsed.error) });
  }
}

/** JSON-RPC's code for "authentication required" in the protocol. */
const AUTH_REQUIRED = -32000;

function needsSignIn(breach: Breach): boolean {
  return breach.kind === 'error' && breach.code === AUTH_REQUIRED;
}

/** An agent that does not have the session any more says so by an error of its own choice. */
function unloaded(opened: Result<Opened, Breach>, from: string | undefined): Result<Opened, Breach> {
  if (opened.ok || from === undefined || (opened.error.kind !== 'error' && opened.error.kind !== 'odd')) return opened;
  return err({ kind: 'threadGone', message: opened.error.message });
}

function messageFrom(breach: Breach): string {
  return breach.kind === 'error' ? breach.message : '';
}

/** Characters of what comes with an error that a message repeats. */
const SHOWN_DATA = 1000;

/** Agents put the reason into the data as often as into the message: a text, or an object with one. */
function wordsOf(error: RequestError): string {
  const parsed = Data.safeParse(error.data);
  const more = parsed.success ? parsed.data.slice(0, SHOWN_DATA) : '';
  const message = messageOf(error);
  return more === '' || message.includes(more) ? message : `${message}: ${more}`;
}

const text = z.string().optional().catch(undefined);
const Data = z.union([
  z.string(),
  z
    .object({ details: text, message: text, error: text })
    .transform((data) => data.details ?? data.message ?? data.error ?? ''),
]);
