import { Agent } from 'node:http';
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { disposable, type Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { Log } from '../base/log.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { calls, type CallName } from '../protocol/calls.ts';
import { RelayChange } from '../protocol/change.ts';
import type { Relay } from '../protocol/relay.ts';
import { RelayError, relayError } from '../protocol/relayError.ts';
import { ChangeStream } from './changeStream.ts';
import { CALL_PATH, CHANGES_PATH } from './door.ts';
import { post, type PostError } from './post.ts';
import { wrongInput } from '../protocol/wrongInput.ts';

export interface RemoteRelayOptions {
  /** The host's listener, as host.json has it: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long one call may take, in ms. */
  readonly answerMs?: number;
}

/** The façade of another process's host. */
export type RemoteRelay = Relay &
  Disposable & {
    /**
     * Hears once that the host is gone, and why; at once when it is known already. Every call ends in `closing` from then
     * on: join the next host, or become it, with a relay of its own. A `dispose` is no loss.
     */
    onLost(listener: (why: string) => void): Disposable;
  };

/** Speaks the façade over the host's listener. The first `onChange` opens the stream; calls made after it wait for it. */
export function remoteRelay(options: RemoteRelayOptions): RemoteRelay {
  const line = new Line(options);
  return {
    submit: (input) => line.call('submit', input, calls.submit.output),
    get: (input) => line.call('get', input, calls.get.output),
    find: (input) => line.call('find', input, calls.find.output),
    list: (input) => line.call('list', input, calls.list.output),
    usage: (input) => line.call('usage', input, calls.usage.output),
    events: (input) => line.call('events', input, calls.events.output),
    cancel: (input) => line.call('cancel', input, calls.cancel.output),
    retry: (input) => line.call('retry', input, calls.retry.output),
    rebase: (input) => line.call('rebase', input, calls.rebase.output),
    followUp: (input) => line.call('followUp', input, calls.followUp.output),
    delete: (input) => line.call('delete', input, calls.delete.output),
    lift: (input) => line.call('lift', input, calls.lift.output),
    verify: (input) => line.call('verify', input, calls.verify.output, VERIFY_MS),
    artifact: (input) => line.call('artifact', input, calls.artifact.output),
    checkOutput: (input) => line.call('checkOutput', input, calls.checkOutput.output),
    log: (input) => line.call('log', input, calls.log.output),
    apply: (input) => line.call('apply', input, calls.apply.output),
    undo: (input) => line.call('undo', input, calls.undo.output),
    hunks: (input) => line.call('hunks', input, calls.hunks.output),
    publish: (input) => line.call('publish', input, calls.publish.output, PUBLISH_MS),
    answer: (input) => line.call('answer', input, calls.answer.output),
    content: (input) => line.call('content', input, calls.content.output),
    executors: (input) => line.call('executors', input, calls.executors.output),
    look: (input) => line.call('look', input, calls.look.output),
    plan: (input) => line.call('plan', input, calls.plan.output),
    activity: (input) => line.call('activity', input, calls.activity.output),
    onChange: (listener) => line.onChange(listener),
    onLost: (listener) => line.onLost(listener),
    dispose: () => line.dispose(),
  };
}

const ANSWER_MS = 300_000;
/** Gates are run again: as long as they may take. */
const VERIFY_MS = 24 * 3600 * 1000;
/** A push over a slow line, with the user's hooks. */
const PUBLISH_MS = 1200 * 1000;

class Line {
  readonly #options: RemoteRelayOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #changes: Emitter<RelayChange>;
  readonly #losses: Emitter<string>;
  #stream: ChangeStream | undefined;
  #lost: string | undefined;
  #disposed = false;

  constructor(options: RemoteRelayOptions) {
    this.#options = options;
    const onError = (thrown: unknown): void =>
      options.log.write('error', 'a listener failed', { error: messageOf(thrown) });
    this.#changes = new Emitter(onError);
    this.#losses = new Emitter(onError);
  }

  async call<T>(
    name: CallName,
    input: unknown,
    output: z.ZodType<T>,
    answerMs = this.#options.answerMs ?? ANSWER_MS,
  ): Promise<Result<T, RelayError>> {
    await this.#stream?.opened;
    if (this.#disposed) return err(relayError('closing', 'this connection to the relay was closed'));
    if (this.#lost !== undefined) return err(gone(this.#lost));
    const posted = await post({
      url: this.#url(CALL_PATH),
      token: this.#options.token,
      agent: this.#agent,
      body: JSON.stringify({ call: name, input }),
      clock: this.#options.clock,
      answerMs,
    });
    if (posted.ok) return read(name, posted.value, output);
    if (posted.error.kind === 'gone') this.#lose(posted.error.why);
    return err(explain(posted.error));
  }

  onChange(listener: (change: RelayChange) => void): Disposable {
    const entry = this.#changes.on(listener);
    if (!this.#disposed && this.#lost === undefined) this.#stream ??= this.#open();
    return disposable(() => {
      entry.dispose();
      if (this.#changes.size === 0) this.#closeStream();
    });
  }

  onLost(listener: (why: string) => void): Disposable {
    if (this.#lost === undefined) return this.#losses.on(listener);
    listener(this.#lost);
    return disposable(() => undefined);
  }

  dispose(): void {
    this.#disposed = true;
    this.#closeStream();
    this.#agent.destroy();
  }

  #open(): ChangeStream {
    return new ChangeStream({
      url: this.#url(CHANGES_PATH),
      token: this.#options.token,
      agent: this.#agent,
      onData: (data) => this.#hear(data),
      onEnd: (why) => this.#lose(why),
    });
  }

  #hear(data: string): void {
    const change = RelayChange.safeParse(parseJson(data));
    if (change.success) this.#changes.emit(change.data);
    else this.#options.log.write('warn', 'the host sent a change that is none', { wrong: wrongInput(change.error) });
  }

  #lose(why: string): void {
    if (this.#lost !== undefined || this.#disposed) return;
    this.#lost = why;
    this.#closeStream();
    this.#agent.destroy();
    this.#losses.emit(why);
  }

  #closeStream(): void {
    this.#stream?.dispose();
    this.#stream = undefined;
  }

  #url(path: string): URL {
    return new URL(path, this.#options.url);
  }
}

function gone(why: string): RelayError {
  return relayError('closing', `the relay's host is gone (${why}): try again, and look first whether it was done`);
}

function explain(error: PostError): RelayError {
  switch (error.kind) {
    case 'gone':
      return gone(error.why);
    case 'tooLarge':
      return relayError('invalid', 'the input is larger than the host takes at once (4 MiB): make it smaller');
    case 'late':
      return relayError('closing', `the relay's host hangs (${error.why}): look at its process, then try again`);
  }
}

function read<T>(name: CallName, text: string, output: z.ZodType<T>): Result<T, RelayError> {
  const answer = z
    .discriminatedUnion('ok', [
      z.object({ ok: z.literal(true), value: output }),
      z.object({ ok: z.literal(false), error: RelayError }),
    ])
    .safeParse(parseJson(text));
  if (!answer.success)
    return err(
      relayError(
        'internal',
        `the host's answer to "${name}" is none that this version knows (${wrongInput(answer.error)}): use the same version of task-relay on both sides`,
      ),
    );
  return answer.data.ok ? ok(answer.data.value) : err(answer.data.error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
