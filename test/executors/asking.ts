import type { ExecutionContext, ExecutionRequest, LogEvent } from '../../src/domain/executor.ts';
import { newJobId } from '../../src/domain/ids.ts';
import { JobSpec } from '../../src/domain/jobSpec.ts';
import { env, freshMark } from '../process/running.ts';

export function requestOf(execution: { readonly command?: string }): ExecutionRequest {
  return { jobId: newJobId(), attempt: 1, spec: JobSpec.parse({ task: { title: 'test' }, execution }) };
}

export interface Asked extends ExecutionContext {
  readonly events: LogEvent[];
}

export function contextIn(directory: string, signal: AbortSignal = new AbortController().signal): Asked {
  const events: LogEvent[] = [];
  const onLog = (event: LogEvent): void => void events.push(event);
  return { directory, env: { ...env, RELAY_ATTEMPT: freshMark() }, signal, onLog, events };
}
