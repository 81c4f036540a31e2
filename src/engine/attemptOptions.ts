import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { RunningJob } from '../domain/job.ts';
import type { ExecutorRegistry } from '../executors/registry.ts';
import type { JobStore } from '../store/jobStore.ts';
import type { Threads } from '../store/threads.ts';
import type { Vault } from '../store/vault.ts';
import type { LetThrough } from './letThrough.ts';
import type { Sources } from './sources.ts';

/** What the attempts of a host have in common. */
export interface AttemptOptions {
  readonly sources: Sources;
  readonly executors: ExecutorRegistry;
  readonly vault: Vault;
  /** Patches with secrets in them: nothing is served from there. */
  readonly quarantine: Vault;
  /** For what a job goes on from. */
  readonly store: Pick<JobStore, 'get'>;
  readonly threads: Threads;
  readonly clock: Clock;
  readonly log: Log;
  /** The folder for logs that grow. */
  readonly logs: string;
  /** Marks every process of this record: `<recordId>/<job>/<attempt>`. */
  readonly recordId: string;
  /** The relay's own environment: executors, setup and gates get what an allow-list lets through. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What of it the user lets through besides; asked for each job. */
  readonly letThrough: () => LetThrough;
  /** The relay's own, for certificates. */
  readonly version: string;
  /** The record's own, for the fingerprints of secrets. */
  readonly secretsKey: Uint8Array;
  /** What patches may touch, and how large they may be, as the user has set it (a HostPolicy); asked for each job. */
  readonly hostPolicy: () => unknown;
  readonly onLog: (job: RunningJob, bytes: number) => void;
}
