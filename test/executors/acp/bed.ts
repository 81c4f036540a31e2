import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import type { Result } from '../../../src/base/result.ts';
import type {
  ExecutionContext,
  ExecutionRequest,
  Executor,
  ExecutorError,
  Report,
} from '../../../src/domain/executor.ts';
import { ExecutorSettings } from '../../../src/domain/executorSettings.ts';
import { newJobId } from '../../../src/domain/ids.ts';
import { JobSpec } from '../../../src/domain/jobSpec.ts';
import { acpExecutors } from '../../../src/executors/acp/acp.ts';
import type { AcpScript } from '../../fixtures/acpAgent.ts';
import { env, scratch } from '../../process/running.ts';
import { contextIn, type Asked } from '../asking.ts';

const agent = join(import.meta.dirname, '../../fixtures/acpAgent.ts');

interface Settled {
  readonly permissions?: 'ask' | 'allow' | 'refuse';
  readonly auth?: string;
  readonly mode?: string;
  readonly model?: string;
  readonly command?: readonly string[];
  readonly execution?: Readonly<Record<string, unknown>>;
  /** More of the request. */
  readonly request?: Partial<ExecutionRequest>;
}

/** The executor "tiny", by the user's settings: the agent that does what the script says. */
function tiny(script: AcpScript, { permissions = 'ask', command, auth, mode, model }: Settled): Executor {
  const line = command ?? [process.execPath, agent, JSON.stringify(script)];
  const settings = ExecutorSettings.parse({ acp: { tiny: { command: [...line], auth, mode, model } }, permissions });
  const found = acpExecutors({ clock: systemClock, settings: () => settings, environment: () => env });
  const executor = found.find(({ name }) => name === 'tiny');
  if (executor === undefined) throw new Error('there is no executor "tiny"');
  return executor;
}

export interface Went {
  readonly done: Result<Report, ExecutorError>;
  readonly context: Asked;
  /** The lines of the log that the agent's work made. */
  readonly log: readonly string[];
  readonly directory: string;
}

export async function go(
  script: AcpScript,
  settled: Settled & { readonly directory?: string; readonly context?: Partial<ExecutionContext> } = {},
): Promise<Went> {
  const directory = settled.directory ?? (await scratch());
  const { context: more } = settled;
  const context = contextIn(directory, more?.signal);
  const spec = JobSpec.parse({ task: { title: 'Say hi' }, execution: settled.execution ?? {} });
  const request = { jobId: newJobId(), attempt: 1, spec, ...settled.request };
  const done = await tiny(script, settled).run(request, { ...context, ...more });
  const log = context.events.filter(({ stream }) => stream === 'agent').map(({ text }) => text);
  return { done, context, log, directory };
}

/** What the relay answered to each request of the script, first to last. */
export function answers({ done }: Went): readonly unknown[] {
  if (!done.ok) throw new Error(JSON.stringify(done.error));
  const told = JSON.parse(done.value.summary ?? done.value.proposal ?? '[]') as readonly unknown[];
  return told.slice(0, -1);
}

export function errorOf({ done }: Went): ExecutorError {
  if (done.ok) throw new Error(`it did: ${JSON.stringify(done.value)}`);
  return done.error;
}
