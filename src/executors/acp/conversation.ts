import { PROTOCOL_VERSION, RequestError, type ClientContext } from '@agentclientprotocol/sdk';
import * as z from 'zod';
import { err, messageOf, ok, type Result } from '../../base/result.ts';
import { Initialized, Opened, Prompted, type Offer } from './answers.ts';
import type { AcpAgent } from './presets.ts';

/** Why a conversation did not come to the end of its turn. */
export type Breach =
  /** The program ended, or was ended, before it answered. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'signIn'; readonly methods: readonly Offer[]; readonly message: string }
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
  /** Called once the program has shown that it speaks the protocol. */
  readonly onGreeted: () => void;
  readonly say: (text: string) => void;
}

/** One session with one turn. https://agentclientprotocol.com/protocol/overview */
export class Conversation {
  readonly #to: ClientContext;
  readonly #talk: Talk;
  #prompting: string | undefined;

  constructor(to: ClientContext, talk: Talk) {
    this.#to = to;
    this.#talk = talk;
  }

  /** Tells the agent to stop its turn; false where no turn is under way. */
  cancel(): boolean {
    if (this.#prompting === undefined) return false;
    void this.#to.notify('session/cancel', { sessionId: this.#prompting }).catch(() => undefined);
    return true;
  }

  async run(): Promise<Result<Turn, Breach>> {
    const { directory, prompt, onGreeted, say } = this.#talk;
    const clientInfo = { name: 'task-relay', title: 'Task Relay', version: '0' };
    // Writes are offered also where each is refused: an agent that is not offered them writes to the disk itself.
    const clientCapabilities = { fs: { readTextFile: true, writeTextFile: true }, terminal: false };
    const hello = { protocolVersion: PROTOCOL_VERSION, clientCapabilities, clientInfo };
    const greeted = await this.#ask('initialize', hello, Initialized);
    if (!greeted.ok) return greeted;
    const { protocolVersion, agentInfo, authMethods } = greeted.value;
    if (protocolVersion !== PROTOCOL_VERSION) return err({ kind: 'version', version: protocolVersion });
    onGreeted();
    const agent = [agentInfo?.name, agentInfo?.version].filter((text) => typeof text === 'string').join(' ');
    if (agent !== '') say(`agent: ${agent}`);
    const opened = await this.#open(directory, authMethods ?? []);
    if (!opened.ok) return opened;
    const { sessionId } = opened.value;
    const set = await this.#set(opened.value);
    if (!set.ok) return set;
    this.#prompting = sessionId;
    const request = { sessionId, prompt: [{ type: 'text', text: prompt }] };
    const prompted = await this.#ask('session/prompt', request, Prompted);
    this.#prompting = undefined;
    if (!prompted.ok) return this.#orSignIn(prompted, authMethods ?? []);
    return ok({ sessionId, agent: agent === '' ? undefined : agent, prompted: prompted.value });
  }

  /** Signs in only where the agent asks for it: some make the method that is named the user's own for good. */
  async #open(cwd: string, methods: readonly Offer[]): Promise<Result<Opened, Breach>> {
    const request = { cwd, mcpServers: [] };
    const opened = await this.#ask('session/new', request, Opened);
    const { auth } = this.#talk.agent;
    if (opened.ok || !needsSignIn(opened.error)) return opened;
    if (auth === undefined || !methods.some(({ id }) => id === auth)) return this.#orSignIn(opened, methods);
    const signed = await this.#ask('authenticate', { methodId: auth }, z.unknown());
    if (!signed.ok) return err({ kind: 'signIn', methods, message: messageFrom(signed.error) });
    return this.#orSignIn(await this.#ask('session/new', request, Opened), methods);
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
