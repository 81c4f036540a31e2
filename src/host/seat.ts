import { disposable, type Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { err, messageOf, type Result } from '../base/result.ts';
import { join } from '../guest/join.ts';
import { openHost, type Host, type HostError, type HostOptions } from '../host.ts';
import type { CallInput, CallName, CallOutput } from '../protocol/calls.ts';
import type { RelayChange } from '../protocol/change.ts';
import type { Relay } from '../protocol/relay.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Places } from './places.ts';

/** What this process is to a repository's relay. `away`: between two hosts, or the last try failed with `message`. */
export type Role =
  | { readonly kind: 'host'; readonly host: Host }
  | { readonly kind: 'guest' }
  | { readonly kind: 'away'; readonly message?: string };

export interface SeatOptions extends HostOptions {
  readonly places: Places;
}

/** A host that is gone is followed within 5 s: tries come this close together. */
const AGAIN_MS = 100;
/** After a failure that time alone may mend (a full disk). */
const AFTER_FAILURE_MS = 2000;

/**
 * A place at a repository's relay that lasts: host where nobody is, guest where somebody is, and host or guest of the next
 * one when that goes away. Its `relay` and its listeners stay the same all along.
 */
export class Seat {
  readonly relay: Relay;
  readonly #options: SeatOptions;
  readonly #changes: Emitter<RelayChange>;
  readonly #roles: Emitter<Role>;
  #role: Role = { kind: 'away' };
  /** The façade of the moment; new each time that the seat is taken anew. */
  #current: Promise<Relay>;
  #resolve: (relay: Relay) => void = () => undefined;
  #release: () => Promise<void> = () => Promise.resolve();
  #closed = false;
  #taking: Promise<void> = Promise.resolve();

  constructor(options: SeatOptions) {
    this.#options = options;
    const onError = (thrown: unknown): void =>
      options.log.write('error', 'a listener failed', { error: messageOf(thrown) });
    this.#changes = new Emitter(onError);
    this.#roles = new Emitter(onError);
    this.#current = new Promise((resolve) => (this.#resolve = resolve));
    this.relay = {
      submit: (input) => this.#call('submit', input),
      get: (input) => this.#call('get', input),
      find: (input) => this.#call('find', input),
      list: (input) => this.#call('list', input),
      events: (input) => this.#call('events', input),
      cancel: (input) => this.#call('cancel', input),
      retry: (input) => this.#call('retry', input),
      rebase: (input) => this.#call('rebase', input),
      followUp: (input) => this.#call('followUp', input),
      delete: (input) => this.#call('delete', input),
      usage: (input) => this.#call('usage', input),
      lift: (input) => this.#call('lift', input),
      verify: (input) => this.#call('verify', input),
      artifact: (input) => this.#call('artifact', input),
      checkOutput: (input) => this.#call('checkOutput', input),
      log: (input) => this.#call('log', input),
      apply: (input) => this.#call('apply', input),
      undo: (input) => this.#call('undo', input),
      hunks: (input) => this.#call('hunks', input),
      publish: (input) => this.#call('publish', input),
      answer: (input) => this.#call('answer', input),
      content: (input) => this.#call('content', input),
      executors: (input) => this.#call('executors', input),
      look: (input) => this.#call('look', input),
      plan: (input) => this.#call('plan', input),
      activity: (input) => this.#call('activity', input),
      onChange: (listener) => this.#changes.on(listener),
    };
    this.#taking = this.#take();
  }

  get role(): Role {
    return this.#role;
  }

  onRole(listener: (role: Role) => void): Disposable {
    return this.#roles.on(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#resolve(gone);
    // A host that is closed would still answer from what it has in memory.
    this.#current = Promise.resolve(gone);
    await this.#taking;
    await this.#release();
  }

  async #call<N extends CallName>(name: N, input: CallInput<N>): Promise<Result<CallOutput<N>, RelayError>> {
    const relay = await this.#current;
    // The compiler cannot see that one name picks both the input and the call.
    const call = relay[name] as (input: CallInput<N>) => Promise<Result<CallOutput<N>, RelayError>>;
    return call(input);
  }

  async #take(): Promise<void> {
    const { clock, log, places } = this.#options;
    while (!this.#closed) {
      const guest = await join(places.record, clock, log);
      if (guest !== undefined) {
        guest.onChange((change) => this.#changes.emit(change));
        guest.onLost(() => this.#leave());
        this.#sit({ kind: 'guest' }, guest, () => {
          guest.dispose();
          return Promise.resolve();
        });
        return;
      }
      const host = await openHost(this.#options);
      if (host.ok) {
        const { relay } = host.value;
        relay.onChange((change) => this.#changes.emit(change));
        this.#sit({ kind: 'host', host: host.value }, relay, () => host.value.close());
        return;
      }
      await clock.pause(this.#waitAfter(host.error));
    }
  }

  #waitAfter(error: HostError): number {
    if (error.kind === 'held') return AGAIN_MS;
    this.#options.log.write('error', error.message);
    this.#setRole({ kind: 'away', message: error.message });
    return AFTER_FAILURE_MS;
  }

  #sit(role: Role, relay: Relay, release: () => Promise<void>): void {
    this.#release = release;
    this.#resolve(relay);
    this.#setRole(role);
  }

  /** The host is gone: calls wait for the next one from here on. */
  #leave(): void {
    if (this.#closed) return;
    const release = this.#release;
    this.#current = new Promise((resolve) => (this.#resolve = resolve));
    this.#setRole({ kind: 'away' });
    this.#taking = release().then(() => this.#take());
  }

  #setRole(role: Role): void {
    this.#role = role;
    this.#roles.emit(role);
  }
}

const closing = (): Promise<Result<never, RelayError>> =>
  Promise.resolve(err(relayError('closing', 'This window has left the relay.')));

/** What a seat that was left answers. */
const gone: Relay = {
  submit: closing,
  get: closing,
  find: closing,
  list: closing,
  events: closing,
  usage: closing,
  cancel: closing,
  retry: closing,
  rebase: closing,
  followUp: closing,
  delete: closing,
  lift: closing,
  verify: closing,
  artifact: closing,
  checkOutput: closing,
  log: closing,
  apply: closing,
  undo: closing,
  hunks: closing,
  publish: closing,
  answer: closing,
  content: closing,
  executors: closing,
  look: closing,
  plan: closing,
  activity: closing,
  onChange: () => disposable(() => undefined),
};
