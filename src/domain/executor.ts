import * as z from 'zod';
import type { Result } from '../base/result.ts';
import type { Usage } from './artifact.ts';
import { Digest, type JobId } from './ids.ts';
import type { JobSpec } from './jobSpec.ts';

/** A line of an attempt's log. `relay` is the relay's own voice. */
export interface LogEvent {
  readonly stream: 'stdout' | 'stderr' | 'relay';
  readonly text: string;
}

/** What an executor is asked to do. */
export interface ExecutionRequest {
  readonly jobId: JobId;
  readonly attempt: number;
  readonly spec: JobSpec;
}

export interface ExecutionContext {
  /** The slot: the executor's working directory, and all that it may change. */
  readonly directory: string;
  /** The allow-listed environment, with a temporary directory and the attempt's mark in it. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onLog: (event: LogEvent) => void;
}

/** What an executor says of its run: told, never believed. */
export interface Report {
  readonly summary?: string;
  readonly testPlan?: string;
  readonly notes?: string;
  readonly sessionId?: string;
  readonly usage?: Usage;
  /** What the executor's program was told, as it was told it. Only its digest is kept. */
  readonly prompt?: string;
  /** Of the executor's program, as that tells it. */
  readonly version?: string;
}

/** Where a patch comes from, for its certificate. */
export const Provenance = z.object({ version: z.string(), prompt: Digest });
export type Provenance = z.infer<typeof Provenance>;

export type ExecutorError =
  /** It ran and failed: `message` says how and what to do. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It could not be started at all. */
  | { readonly kind: 'unavailable'; readonly message: string }
  /** The signal ended it. */
  | { readonly kind: 'aborted' };

/** The port that every executor implements. It edits `directory`; git, not the executor, makes the patch. */
export interface Executor {
  readonly name: string;
  run(request: ExecutionRequest, context: ExecutionContext): Promise<Result<Report, ExecutorError>>;
}
