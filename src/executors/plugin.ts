import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { Usage } from '../domain/artifact.ts';
import type {
  ExecutionContext,
  ExecutionRequest,
  Executor,
  ExecutorError,
  Readiness,
  Report,
} from '../domain/executor.ts';
import type { PluginContext, PluginExecutor, PluginTask } from './pluginApi.ts';
import { orStopped } from './stopped.ts';

const text = z.string().max(200_000).optional();
const Returned = z
  .object({
    summary: text,
    testPlan: text,
    notes: text,
    proposal: z.record(z.string(), z.unknown()).optional(),
    usage: Usage.optional(),
  })
  .nullish();

const Told = z.discriminatedUnion('ready', [
  z.object({ ready: z.literal(true), version: z.string().max(200).optional() }),
  z.object({
    ready: z.literal(false),
    reason: z.enum(['notInstalled', 'notSignedIn', 'tooOld', 'broken']),
    message: z.string().min(1).max(2000),
    version: z.string().max(200).optional(),
  }),
]);

const Question = z.object({
  text: z.string().min(1).max(10_000),
  choices: z.array(z.string().min(1).max(500)).max(20).default([]),
  fallback: z.string().max(10_000),
});

const Thrown = z.object({ code: z.enum(['unavailable', 'limited']), until: z.number().optional().catch(undefined) });

/** Another author's executor behind the port. Nothing that it does is believed, and nothing of it outlives its run here. */
export function pluginExecutor(plugin: PluginExecutor, clock: Clock): Executor {
  const { name, budgets = [] } = plugin;
  return {
    name,
    abilities: { sandboxes: [], budgets: [...budgets] },
    ...(plugin.probe === undefined ? {} : { probe: (signal: AbortSignal) => probe(plugin, signal) }),
    run: (request, context) => new PluginRun(plugin, context, clock).run(taskOf(request)),
  };
}

async function probe(plugin: PluginExecutor, signal: AbortSignal): Promise<Readiness> {
  const told = Told.safeParse(await plugin.probe?.(signal));
  if (!told.success) return { state: 'broken', message: `"${plugin.name}" does not say whether it can run.` };
  const version = told.data.version === undefined ? {} : { version: told.data.version };
  return told.data.ready
    ? { state: 'ready', ...version }
    : { state: told.data.reason, message: told.data.message, ...version };
}

function taskOf({ jobId, attempt, spec, repair }: ExecutionRequest): PluginTask {
  const { title, description = '', acceptance = [] } = spec.task;
  const model = spec.execution?.preferredModel;
  return {
    jobId,
    attempt,
    title,
    description,
    acceptance: [...acceptance],
    fileGlobs: [...(spec.scope?.fileGlobs ?? [])],
    ...(model === undefined ? {} : { model }),
    ...(repair === undefined ? {} : { repair: { ...repair } }),
  };
}

/** One run: it ends with the plug-in's promise, or a little after the signal, and hears nothing after that. */
class PluginRun {
  readonly #plugin: PluginExecutor;
  readonly #context: ExecutionContext;
  readonly #clock: Clock;
  #isOver = false;

  constructor(plugin: PluginExecutor, context: ExecutionContext, clock: Clock) {
    this.#plugin = plugin;
    this.#context = context;
    this.#clock = clock;
  }

  async run(task: PluginTask): Promise<Result<Report, ExecutorError>> {
    // In a turn of its own, so that a plain exception is a rejection as well; and one that comes late is heard by nobody.
    const ended = Promise.resolve()
      .then(() => this.#plugin.run(task, this.#given()))
      .then(
        (value: unknown) => this.#returned(value),
        (thrown: unknown) => this.#threw(thrown),
      )
      .catch((thrown: unknown) => this.#failed(`what it gave cannot be read: ${messageOf(thrown)}`));
    const done = await orStopped(ended, this.#context.signal, this.#clock);
    this.#isOver = true;
    return done;
  }

  #given(): PluginContext {
    const { directory, signal } = this.#context;
    return {
      directory,
      signal,
      log: (text: unknown) => {
        if (!this.#isOver && typeof text === 'string') this.#context.onLog({ stream: 'agent', text });
      },
      usage: (used) => {
        const usage = Usage.safeParse(used);
        if (this.#isOver) return;
        if (usage.success) this.#context.onUsage(usage.data);
        else this.#context.onLog({ stream: 'relay', text: `"${this.#plugin.name}" told a use that cannot be read` });
      },
      ask: (question) => {
        const asked = this.#ask(question);
        // A plug-in that does not wait for it must not end the process.
        asked.catch(() => undefined);
        return asked;
      },
    };
  }

  async #ask(question: unknown): Promise<string> {
    if (this.#isOver) throw new Error('The run is over: nobody is asked any more.');
    const parsed = Question.safeParse(question);
    if (!parsed.success) throw new TypeError(`The question has another shape: ${z.prettifyError(parsed.error)}`);
    const { choices, fallback } = parsed.data;
    if (choices.length > 0 && !choices.includes(fallback))
      throw new TypeError('The fallback of a question is one of its choices.');
    return this.#context.ask(parsed.data);
  }

  #returned(value: unknown): Result<Report, ExecutorError> {
    const parsed = Returned.safeParse(value);
    if (!parsed.success) return this.#failed(`what it gave has another shape: ${z.prettifyError(parsed.error)}`);
    const { proposal, summary, testPlan, notes, usage } = parsed.data ?? {};
    return ok({
      ...(summary === undefined ? {} : { summary }),
      ...(testPlan === undefined ? {} : { testPlan }),
      ...(notes === undefined ? {} : { notes }),
      ...(usage === undefined ? {} : { usage }),
      ...(proposal === undefined ? {} : { proposal: JSON.stringify(proposal) }),
    });
  }

  #threw(thrown: unknown): Result<never, ExecutorError> {
    const message = messageOf(thrown);
    const meant = Thrown.safeParse(thrown);
    if (!meant.success) return this.#failed(message);
    const { code, until } = meant.data;
    if (code === 'unavailable') return err({ kind: 'unavailable', message });
    return err({ kind: 'limited', message, ...(until === undefined ? {} : { until }) });
  }

  #failed(why: string): Result<never, ExecutorError> {
    return err({ kind: 'failed', message: `The executor "${this.#plugin.name}" failed: ${why}` });
  }
}
