import type { Usage } from '../../src/domain/artifact.ts';
import type { ExecutionContext, ExecutionRequest, LogEvent, RawLine } from '../../src/domain/executor.ts';
import { newJobId } from '../../src/domain/ids.ts';
import { JobSpec } from '../../src/domain/jobSpec.ts';
import { env, freshMark } from '../process/running.ts';

export function requestOf(execution: { readonly command?: string }): ExecutionRequest {
  return { jobId: newJobId(), attempt: 1, spec: JobSpec.parse({ task: { title: 'test' }, execution }) };
}

export interface Asked extends ExecutionContext {
  readonly events: LogEvent[];
  readonly raw: RawLine[];
  /** Each that was told, first to last. */
  readonly used: Usage[];
}

export function contextIn(directory: string, signal: AbortSignal = new AbortController().signal): Asked {
  const events: LogEvent[] = [];
  const raw: RawLine[] = [];
  const used: Usage[] = [];
  return {
    directory,
    own: directory,
    env: { ...env, RELAY_ATTEMPT: freshMark() },
    signal,
    onLog: (event) => void events.push(event),
    onRaw: (line) => void raw.push(line),
    onUsage: (usage) => void used.push(usage),
    ask: ({ fallback }) => Promise.resolve(fallback),
    events,
    raw,
    used,
  };
}
