import type { Clock } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type {
  Abilities,
  ExecutionContext,
  ExecutionRequest,
  Executor,
  ExecutorError,
  Report,
} from '../../domain/executor.ts';
import type { ExecutorSettings } from '../../domain/executorSettings.ts';
import { proposalSchema } from '../../domain/proposal.ts';
import { readGround } from '../ground.ts';
import { runProgram } from '../program.ts';
import { buildPrompt, promptInput } from '../prompt.ts';
import { toldSchema } from './answer.ts';
import { argumentsFor } from './arguments.ts';
import { Course } from './course.ts';
import { decodeLine } from './events.ts';
import { linesOf } from './narration.ts';
import { outcomeOf } from './outcome.ts';
import { probeClaude } from './probe.ts';
import { ClaudeSession } from './session.ts';
import { keepSignIn } from './signIn.ts';

export interface ClaudeOptions {
  readonly clock: Clock;
  /** Read at each run and probe. */
  readonly settings: () => ExecutorSettings;
  /** What a run's program would get of the environment. */
  readonly environment: () => Readonly<Record<string, string>>;
}

const abilities: Abilities = {
  sandboxes: ['read-only', 'workspace-write'],
  budgets: ['usd', 'tokens'],
  resumes: true,
};

/**
 * Runs Claude Code without a person at it. It edits in the slot with tools for files alone, or it may only read, and
 * proposes. The user's own sign-in counts, and nothing else of what they have set up for it (see arguments.ts).
 */
export function claudeExecutor({ clock, settings, environment }: ClaudeOptions): Executor {
  return {
    name: 'claude',
    abilities,
    probe: (signal) => probeClaude({ program: settings().claude.program, env: environment(), clock, signal }),
    run: (request, context) => runClaude(request, context, settings(), clock),
  };
}

async function runClaude(
  request: ExecutionRequest,
  context: ExecutionContext,
  { claude, permissions, threads }: ExecutorSettings,
  clock: Clock,
): Promise<Result<Report, ExecutorError>> {
  const { spec, budget } = request;
  const { directory, env, own, onLog, onUsage } = context;
  const sandbox = spec.execution?.sandbox ?? claude.sandbox;
  const form = sandbox === 'read-only' ? 'proposal' : 'edit';
  const ground = await readGround(directory, spec);
  const prompt = buildPrompt({ ...promptInput(request), ground, form });
  const session = await ClaudeSession.open(request.thread, context, threads === 'keep');
  if (!session.ok) return session;
  const args = argumentsFor({
    sandbox,
    schema: form === 'proposal' ? proposalSchema() : toldSchema(),
    settingsFile: await keepSignIn(env, own),
    session: session.value.argument,
    maxTurns: claude.maxTurns,
    model: spec.execution?.preferredModel ?? claude.model,
    maxUsd: budget?.usd,
    mayRunCommands: permissions === 'allow',
  });
  const course = new Course();
  const onLine = (line: string): void => {
    if (line.trim() === '') return;
    const event = decodeLine(line);
    course.take(event);
    if (event.kind === 'unreadable') onLog({ stream: 'stdout', text: line });
    for (const text of linesOf(event, course, directory)) onLog({ stream: 'agent', text });
    if (event.kind === 'message' || event.kind === 'ended') onUsage(course.usage);
  };
  const program = { file: claude.program, args, env: unattended(env), stdin: prompt, onLine };
  const done = await runProgram(program, context, clock);
  const file = await session.value.close();
  if (!done.ok) return err({ kind: 'unavailable', message: `Claude Code did not start. ${done.error.message}` });
  const goesOn = request.thread !== undefined;
  const ended = outcomeOf({ exit: done.value, course, form, directory, maxTurns: claude.maxTurns, prompt, goesOn });
  return ended.ok && file !== undefined ? ok({ ...ended.value, threadFile: file }) : ended;
}

/** By itself it tries 10 times, which takes minutes (measured), also where it is refused; the relay has its own pauses. */
const RETRIES = '3';

function unattended(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    // Many run at once: none of them is to change the program under the others.
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: env['CLAUDE_CODE_MAX_RETRIES'] ?? RETRIES,
  };
}
