import type { JobId } from '../domain/ids.ts';
import type { RelayChange } from './change.ts';

/** Apart from the schema, so that who asks loads none. */
export function isAbout(change: RelayChange, jobId: JobId): boolean {
  return change.kind !== 'executors' && change.jobId === jobId;
}
