import type { JobState } from './job.ts';

/** Whether a job in this state has ended: nothing changes that any more. */
export function isTerminalState(state: JobState): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELED' || state === 'EXPIRED';
}
