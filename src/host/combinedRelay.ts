import { disposable } from '../base/disposable.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CallInput, CallOutput } from '../protocol/calls.ts';
import type { Relay } from '../protocol/relay.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import { usageReport } from '../protocol/usageReport.ts';

/** One repository's relay among several. */
export interface NamedRelay {
  readonly name: string;
  readonly workspace: string;
  readonly relay: Relay;
}

type Answer<T> = Promise<Result<T, RelayError>>;

/** Several repositories as one façade: a job is found wherever it is, and a submit goes to its working tree's relay. */
export function combinedRelay(all: () => readonly NamedRelay[]): Relay {
  return {
    submit: (input) => submit(all(), input),
    list: (input) => list(all(), input),
    get: (input) => first(all(), (relay) => relay.get(input)),
    find: (input) => first(all(), (relay) => relay.find(input)),
    usage: (input) => usage(all(), input),
    events: (input) => first(all(), (relay) => relay.events(input)),
    cancel: (input) => first(all(), (relay) => relay.cancel(input)),
    retry: (input) => first(all(), (relay) => relay.retry(input)),
    rebase: (input) => first(all(), (relay) => relay.rebase(input)),
    followUp: (input) => first(all(), (relay) => relay.followUp(input)),
    delete: (input) => first(all(), (relay) => relay.delete(input)),
    lift: (input) => first(all(), (relay) => relay.lift(input)),
    verify: (input) => first(all(), (relay) => relay.verify(input)),
    artifact: (input) => first(all(), (relay) => relay.artifact(input)),
    checkOutput: (input) => first(all(), (relay) => relay.checkOutput(input)),
    log: (input) => first(all(), (relay) => relay.log(input)),
    apply: (input) => first(all(), (relay) => relay.apply(input)),
    undo: (input) => first(all(), (relay) => relay.undo(input)),
    hunks: (input) => first(all(), (relay) => relay.hunks(input)),
    publish: (input) => first(all(), (relay) => relay.publish(input)),
    answer: (input) => first(all(), (relay) => relay.answer(input)),
    content: (input) => first(all(), (relay) => relay.content(input)),
    executors: (input) => executors(all(), input),
    look: (input) => look(all(), input),
    plan: (input) => plan(all(), input),
    activity: () => activity(all()),
    onChange: (listener) => {
      const subscriptions = all().map(({ relay }) => relay.onChange(listener));
      return disposable(() => {
        for (const subscription of subscriptions) subscription.dispose();
      });
    },
  };
}

async function submit(all: readonly NamedRelay[], input: CallInput<'submit'>): Answer<CallOutput<'submit'>> {
  const meant = all.find(({ workspace }) => workspace === input.workspace);
  if (meant !== undefined) return meant.relay.submit(input);
  const named = all.map(({ name, workspace }) => `${name} (${workspace})`).join(', ');
  return err(
    relayError('invalid', `No open repository is meant by "${input.workspace}". Open are: ${named || 'none'}.`),
  );
}

/** The answer of the first relay that knows the job. */
async function first<T>(all: readonly NamedRelay[], ask: (relay: Relay) => Answer<T>): Answer<T> {
  let last: Result<T, RelayError> = err(relayError('notFound', 'No repository is open in this window.'));
  for (const { relay } of all) {
    last = await ask(relay);
    if (last.ok || last.error.kind !== 'notFound') return last;
  }
  return last;
}

/** Newest first over all: each relay gives as many as the page could need of it. */
async function list(all: readonly NamedRelay[], input: CallInput<'list'>): Answer<CallOutput<'list'>> {
  const [only] = all;
  if (all.length === 1 && only !== undefined) return only.relay.list(input);
  const items: CallOutput<'list'>['items'] = [];
  let total = 0;
  for (const { relay } of all) {
    for (let offset = 0; ; offset += 100) {
      const page = await relay.list({ ...input, limit: 100, offset });
      if (!page.ok) return page;
      items.push(...page.value.items);
      if (offset === 0) total += page.value.total;
      if (!page.value.hasMore || offset + 100 >= input.offset + input.limit) break;
    }
  }
  items.sort((a, b) => b.createdAt - a.createdAt);
  const page = items.slice(input.offset, input.offset + input.limit);
  return ok({ items: page, total, hasMore: input.offset + page.length < total });
}

/** They are the machine's: what the first repository's relay finds. */
async function executors(all: readonly NamedRelay[], input: CallInput<'executors'>): Answer<CallOutput<'executors'>> {
  const [any] = all;
  return any === undefined ? ok({ executors: [] }) : any.relay.executors(input);
}

/** Rows of the same day and executor are one, whichever repository they are of. */
async function usage(all: readonly NamedRelay[], input: CallInput<'usage'>): Answer<CallOutput<'usage'>> {
  const rows: CallOutput<'usage'>['rows'] = [];
  for (const { relay } of all) {
    const one = await relay.usage(input);
    if (!one.ok) return one;
    rows.push(...one.value.rows);
  }
  return ok(usageReport(rows));
}

async function activity(all: readonly NamedRelay[]): Answer<CallOutput<'activity'>> {
  let live = 0;
  for (const { relay } of all) {
    const one = await relay.activity({});
    if (!one.ok) return one;
    live += one.value.live;
  }
  return ok({ live });
}

async function look(all: readonly NamedRelay[], input: CallInput<'look'>): Answer<CallOutput<'look'>> {
  for (const { relay } of all) {
    const one = await relay.look(input);
    if (!one.ok) return one;
  }
  return ok({});
}

/** Patches of different repositories have nothing to do with each other. */
async function plan(all: readonly NamedRelay[], input: CallInput<'plan'>): Answer<CallOutput<'plan'>> {
  const { jobIds, workspace } = input;
  const meant = all.find((one) => one.workspace === workspace) ?? (all.length === 1 ? all[0] : undefined);
  if (meant !== undefined) return meant.relay.plan(input);
  if (jobIds !== undefined) return first(all, (relay) => relay.plan(input));
  const named = all.map((one) => `${one.name} (${one.workspace})`).join(', ');
  return err(
    relayError('invalid', `Say which repository is meant, by its working tree. Open are: ${named || 'none'}.`),
  );
}
