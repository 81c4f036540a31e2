import { tmpdir } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import { err, messageOf, ok, type Result } from '../../base/result.ts';
import type { ExecutionContext, ExecutionRequest, Executor, ExecutorError, Report } from '../../domain/executor.ts';
import type { ExecutorSettings } from '../../domain/executorSettings.ts';
import type { Sandbox } from '../../domain/jobSpec.ts';
import { parseProposal } from '../../domain/proposal.ts';
import type { BuiltInOptions } from '../builtIn.ts';
import { readGround } from '../ground.ts';
import { runProgram } from '../program.ts';
import { buildPrompt, promptInput } from '../prompt.ts';
import { placeSchema } from './answerSchema.ts';
import { execArguments } from './arguments.ts';
import { versionOf } from './ask.ts';
import { outcomeOf } from './outcome.ts';
import { userServers } from './mcpServers.ts';
import { notStarted } from './notStarted.ts';
import { probe } from './probe.ts';
import { CodexThread, withoutMark } from './thread.ts';
import { Transcript, type Heard } from './transcript.ts';

/**
 * Codex, by `codex exec --json` and with the user's own sign-in. Read-only, it answers by a proposal; else it edits the slot.
 * It tells its tokens once, when its turn is over: too late to hold it to a budget.
 */
export function codexExecutor({ clock, settings, environment }: BuiltInOptions): Executor {
  return {
    name: 'codex',
    abilities: { sandboxes: ['read-only', 'workspace-write'], budgets: [], resumes: true },
    probe: (signal) => probe({ program: settings().codex.program, cwd: tmpdir(), env: environment(), signal }, clock),
    run: (request, context) => runCodex(request, context, settings(), clock),
  };
}

async function runCodex(
  request: ExecutionRequest,
  context: ExecutionContext,
  { codex: { program, sandbox: usual, model: usualModel }, threads }: ExecutorSettings,
  clock: Clock,
): Promise<Result<Report, ExecutorError>> {
  const { spec } = request;
  const sandbox = spec.execution?.sandbox ?? usual;
  const model = spec.execution?.preferredModel ?? usualModel;
  const form = formOf(sandbox);
  const played = context.playback !== undefined;
  const codex = { program, cwd: context.directory, env: context.env, signal: context.signal };
  const [ground, servers] = await Promise.all([
    readGround(context.directory, spec),
    played ? ok([]) : userServers(codex, clock),
  ]);
  if (!servers.ok) return servers;
  const prompt = buildPrompt({ ...promptInput(request), ground, form });
  const schema = form === 'proposal' ? await placed(context.own) : ok(undefined);
  if (!schema.ok) return schema;
  const transcript = new Transcript(context, clock);
  const opened = await CodexThread.open(request.thread, { codex, context, clock, keeps: threads === 'keep' });
  if (!opened.ok) return opened;
  const thread = opened.value;
  const args = execArguments({ sandbox, model, schema: schema.value, thread: thread.argument, servers: servers.value });
  // Beside the run, so that it costs no time; without the mark, since all that has it is ended with the run.
  const [done, version] = await Promise.all([
    runProgram(
      { file: program, args, stdin: prompt, onLine: (line) => transcript.take(line) },
      hearing(context, (line) => transcript.takeError(line)),
      clock,
    ),
    played ? undefined : versionOf({ ...codex, env: withoutMark(context.env) }, clock),
  ]);
  const heard = transcript.heard();
  const file = await thread.close(heard.sessionId);
  if (!done.ok) return err({ kind: 'unavailable', message: notStarted(done.error.message) });
  const outcome = outcomeOf(heard, done.value, { form, allowEmpty: spec.allowEmpty ?? false, now: clock.now() });
  if (!outcome.ok) return outcome;
  const kept = file === undefined ? {} : { threadFile: file };
  return ok({ ...told(heard, version), ...kept, prompt, ...answered(outcome.value.message, form) });
}

function formOf(sandbox: Sandbox): 'edit' | 'proposal' {
  return sandbox === 'read-only' ? 'proposal' : 'edit';
}

async function placed(folder: string): Promise<Result<string, ExecutorError>> {
  try {
    return ok(await placeSchema(folder));
  } catch (thrown) {
    const message = `The schema of the answer could not be written for codex: ${messageOf(thrown)}. Make room on the disk, and retry the job.`;
    return err({ kind: 'failed', message });
  }
}

/** The same context, with an ear on stderr: it alone tells of patches that were refused. */
function hearing(context: ExecutionContext, onError: (line: string) => void): ExecutionContext {
  return {
    ...context,
    onLog: (event) => {
      context.onLog(event);
      if (event.stream === 'stderr') onError(event.text);
    },
  };
}

function told({ sessionId, usage }: Heard, version: string | undefined): Report {
  return {
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(usage === undefined ? {} : { usage }),
    ...(version === undefined ? {} : { version }),
  };
}

function answered(message: string, form: 'edit' | 'proposal'): Report {
  if (form === 'edit') return message === '' ? {} : { summary: message };
  const parsed = parseProposal(message);
  // What cannot be read is the relay's to say, and to have mended.
  if (!parsed.ok) return { proposal: message };
  const { summary, testPlan, notes } = parsed.value;
  return {
    proposal: message,
    ...(summary === undefined ? {} : { summary }),
    ...(testPlan === undefined ? {} : { testPlan }),
    ...(notes === undefined ? {} : { notes }),
  };
}
