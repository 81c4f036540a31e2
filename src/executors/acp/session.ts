import type { Clock } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Usage } from '../../domain/artifact.ts';
import type { ExecutionContext, ExecutionRequest, ExecutorError, Report } from '../../domain/executor.ts';
import type { ExecutorSettings } from '../../domain/executorSettings.ts';
import { firstOf } from '../../process/waiting.ts';
import { readGround } from '../ground.ts';
import { runProgram, type ProgramExit } from '../program.ts';
import { buildPrompt, promptInput } from '../prompt.ts';
import { promptFor } from './answerForm.ts';
import { tokensOf } from './answers.ts';
import { connect } from './client.ts';
import { Conversation, type Breach, type Talk, type Turn } from './conversation.ts';
import { explain, flooded, unavailable, wrongWith, wrote } from './failure.ts';
import { missingText } from './missing.ts';
import type { AcpAgent } from './presets.ts';
import { SlotFiles } from './slotFiles.ts';
import { changedPaths, slotState } from './slotState.ts';
import { Transcript } from './transcript.ts';
import { Wire } from './wire.ts';

/** How long an agent may take to its first answer: OpenCode needs up to 24 s on two cores. */
const GREETING_MS = 120_000;
/** How long it has after session/cancel (Claude and Gemini answer within 50 ms), and after the end of its stdin. */
const CANCEL_MS = 500;
const LEAVE_MS = 300;

export interface SessionOptions {
  readonly name: string;
  readonly agent: AcpAgent;
  readonly permissions: ExecutorSettings['permissions'];
  readonly clock: Clock;
}

interface Ended {
  readonly turn: Result<Turn, Breach>;
  readonly exit: ProgramExit;
  readonly isLate: boolean;
  readonly stray: string | undefined;
}

/** Starts an agent in the slot, has one conversation with it, and ends it. Loads the protocol's library. */
export async function runSession(
  request: ExecutionRequest,
  context: ExecutionContext,
  options: SessionOptions,
): Promise<Result<Report, ExecutorError>> {
  const { name, agent } = options;
  const isReadOnly = request.spec.execution?.sandbox === 'read-only';
  const prompt = await promptOf(request, context.directory, isReadOnly);
  const transcript = new Transcript(context.directory, context.onLog, request.thread !== undefined);
  const before = isReadOnly ? await slotState(context.directory) : undefined;
  const ended = await converse({ request, context, options, transcript, isReadOnly, prompt });
  transcript.end();
  if (context.signal.aborted) return err({ kind: 'aborted' });
  if (!ended.ok) return ended;
  const { turn, exit, stray, isLate } = ended.value;
  if (!turn.ok) return err(withUsage(explain(turn.error, { name, agent, exit, stray, isLate }), transcript.usage));
  const usage: Usage = { ...transcript.usage, ...tokensOf(turn.value.prompted), turns: 1 };
  const wrong = wrongWith(turn.value, transcript, name);
  if (wrong !== undefined) return err(withUsage(wrong, usage));
  const written = before === undefined ? [] : changedPaths(before, await slotState(context.directory));
  if (written.length > 0) return err(withUsage(wrote(name, written), usage));
  const { lastMessage } = transcript;
  return ok({
    sessionId: turn.value.sessionId,
    usage,
    prompt,
    ...(turn.value.agent === undefined ? {} : { version: turn.value.agent }),
    ...(isReadOnly ? { proposal: transcript.proposal } : lastMessage === '' ? {} : { summary: lastMessage }),
  });
}

async function promptOf(request: ExecutionRequest, directory: string, isReadOnly: boolean): Promise<string> {
  const ground = await readGround(directory, request.spec);
  const form = isReadOnly ? 'proposal' : 'edit';
  return promptFor(form, buildPrompt({ ...promptInput(request), ground, form }));
}

interface Setting {
  readonly request: ExecutionRequest;
  readonly context: ExecutionContext;
  readonly options: SessionOptions;
  readonly transcript: Transcript;
  readonly isReadOnly: boolean;
  readonly prompt: string;
}

/** The program from its start to the end of its tree, and the conversation in between. */
async function converse(setting: Setting): Promise<Result<Ended, ExecutorError>> {
  const { context, options, transcript } = setting;
  const { clock, agent } = options;
  let stray: string | undefined;
  const ender = new AbortController();
  const wire = new Wire({
    onFlood: () => ender.abort(),
    onUpdate: (params) => (conversation.isLoading ? transcript.takeOld(params) : transcript.take(params)),
    onOther: (text) => {
      stray ??= text;
      context.onLog({ stream: 'stdout', text });
    },
  });
  const connection = connect(wire, deskOf(setting));
  let isLate = false;
  const greeting = clock.after(GREETING_MS, () => {
    isLate = true;
    ender.abort();
  });
  const conversation = new Conversation(
    connection.agent,
    talkOf(setting, () => greeting.dispose()),
  );
  // The attempt's signal goes to the agent first, which may want to tidy up, and then to its process tree.
  const onAbort = (): void => {
    if (conversation.cancel()) clock.after(CANCEL_MS, () => ender.abort());
    else ender.abort();
  };
  context.signal.addEventListener('abort', onAbort, { once: true });
  if (context.signal.aborted) ender.abort();
  const [file = '', ...args] = agent.command;
  const program = { file, args, stdin: wire.open.bind(wire), onLine: wire.take.bind(wire) };
  const running = runProgram(program, { ...context, signal: ender.signal }, clock).finally(() => wire.close());
  try {
    const turn = await conversation.run();
    wire.end();
    // One that has answered may leave by itself; some never do.
    if (!context.signal.aborted) await firstOf(running, { timeoutMs: LEAVE_MS, signal: context.signal }, clock);
    ender.abort();
    const exit = await running;
    if (!exit.ok)
      return err(exit.error.kind === 'notFound' ? unavailable(missingText(options)) : unavailable(exit.error.message));
    if (wire.isFlooded) return err(flooded(options.name));
    return ok({ turn, exit: exit.value, isLate, stray });
  } finally {
    greeting.dispose();
    context.signal.removeEventListener('abort', onAbort);
    connection.close();
  }
}

function deskOf({ context, options: { name, permissions }, transcript, isReadOnly }: Setting) {
  const files = new SlotFiles(context.directory, { isReadOnly });
  return { name, terms: { isReadOnly, permissions }, files, transcript, context };
}

function talkOf({ request, context, options, transcript, isReadOnly, prompt }: Setting, onGreeted: () => void): Talk {
  const { agent } = options;
  return {
    directory: context.directory,
    prompt,
    agent,
    mode: modeOf(agent, isReadOnly),
    from: request.thread?.sessionId,
    model: request.spec.execution?.preferredModel ?? agent.model,
    onGreeted,
    say: (text) => transcript.say(text),
  };
}

/** What the user has set must be; what is only known of an agent may have changed with its version. */
function modeOf({ mode, known }: AcpAgent, isReadOnly: boolean): Talk['mode'] {
  const id = isReadOnly ? (known?.readOnlyMode ?? mode) : mode;
  return id === undefined ? undefined : { id, isWish: known !== undefined };
}

function withUsage(error: ExecutorError, usage: Usage): ExecutorError {
  return error.kind === 'failed' && Object.keys(usage).length > 0 ? { ...error, usage } : error;
}
