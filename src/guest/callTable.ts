import type * as z from 'zod';
import { err, type Result } from '../base/result.ts';
import { calls, type CallName } from '../protocol/calls.ts';
import type { Relay } from '../protocol/relay.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import { wrongInput } from '../protocol/wrongInput.ts';

type Invoke = (relay: Relay, input: unknown) => Promise<Result<unknown, RelayError>>;

/** The façade by name: parses what came over the wire, then calls. One row a call. */
const table: { readonly [N in CallName]: Invoke } = {
  submit: row(calls.submit.input, (relay, input) => relay.submit(input)),
  get: row(calls.get.input, (relay, input) => relay.get(input)),
  find: row(calls.find.input, (relay, input) => relay.find(input)),
  list: row(calls.list.input, (relay, input) => relay.list(input)),
  usage: row(calls.usage.input, (relay, input) => relay.usage(input)),
  events: row(calls.events.input, (relay, input) => relay.events(input)),
  cancel: row(calls.cancel.input, (relay, input) => relay.cancel(input)),
  retry: row(calls.retry.input, (relay, input) => relay.retry(input)),
  rebase: row(calls.rebase.input, (relay, input) => relay.rebase(input)),
  followUp: row(calls.followUp.input, (relay, input) => relay.followUp(input)),
  delete: row(calls.delete.input, (relay, input) => relay.delete(input)),
  lift: row(calls.lift.input, (relay, input) => relay.lift(input)),
  verify: row(calls.verify.input, (relay, input) => relay.verify(input)),
  artifact: row(calls.artifact.input, (relay, input) => relay.artifact(input)),
  checkOutput: row(calls.checkOutput.input, (relay, input) => relay.checkOutput(input)),
  log: row(calls.log.input, (relay, input) => relay.log(input)),
  apply: row(calls.apply.input, (relay, input) => relay.apply(input)),
  undo: row(calls.undo.input, (relay, input) => relay.undo(input)),
  hunks: row(calls.hunks.input, (relay, input) => relay.hunks(input)),
  publish: row(calls.publish.input, (relay, input) => relay.publish(input)),
  answer: row(calls.answer.input, (relay, input) => relay.answer(input)),
  content: row(calls.content.input, (relay, input) => relay.content(input)),
  executors: row(calls.executors.input, (relay, input) => relay.executors(input)),
  look: row(calls.look.input, (relay, input) => relay.look(input)),
  plan: row(calls.plan.input, (relay, input) => relay.plan(input)),
  activity: row(calls.activity.input, (relay, input) => relay.activity(input)),
};

export function invoke(relay: Relay, call: string, input: unknown): Promise<Result<unknown, RelayError>> {
  if (isCallName(call)) return table[call](relay, input);
  const names = Object.keys(table).join(', ');
  return Promise.resolve(err(relayError('invalid', `there is no call "${call}": the calls are ${names}`)));
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(table, name);
}

function row<I extends z.ZodType>(
  input: I,
  call: (relay: Relay, input: z.output<I>) => Promise<Result<unknown, RelayError>>,
): Invoke {
  return async (relay, given) => {
    const parsed = input.safeParse(given);
    return parsed.success ? call(relay, parsed.data) : err(relayError('invalid', wrongInput(parsed.error)));
  };
}
