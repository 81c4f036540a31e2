import * as z from 'zod';
import type { Result } from '../base/result.ts';
import type { Usage } from './artifact.ts';
import type { RecordedRun } from './cassette.ts';
import { Digest, type JobId } from './ids.ts';
import type { JobSpec, Sandbox } from './jobSpec.ts';

/**
 * A line of an attempt's log. `agent` is what the executor's program does, decoded for a person (an edit, a command, a word);
 * `relay` is the relay's own voice.
 */
export interface LogEvent {
  readonly stream: 'stdout' | 'stderr' | 'agent' | 'relay';
  readonly text: string;
}

/** A line as a program gave it, or how the program ended: kept beside the log in stream.jsonl. */
export type RawLine =
  { readonly stream: 'stdout' | 'stderr'; readonly text: string } | { readonly exit: RecordedRun['exit'] };

/** What programs did, to be played instead of running them. */
export interface Playback {
  /** The next run; undefined where there is no other. */
  next(): RecordedRun | undefined;
}

/** What an executor is asked to do. */
export interface ExecutionRequest {
  readonly jobId: JobId;
  readonly attempt: number;
  readonly spec: JobSpec;
  /** The proposal that the same attempt gave before, and why it did not do: the last chance to mend it. */
  readonly repair?: Repair;
  /** What is left of the job's budget, for a program that can hold itself to one. */
  readonly budget?: NonNullable<NonNullable<JobSpec['execution']>['budget']>;
  /** What was done before, oldest first, where the task goes on from it. */
  readonly earlier?: readonly Earlier[];
  /** The thread of the last of these, where this executor can go on in it. */
  readonly thread?: Thread;
}

/** An earlier job, as the executor of a later one is told of it. */
export interface Earlier {
  readonly jobId: JobId;
  readonly task: JobSpec['task'];
  /** The words of the executor that did it. */
  readonly summary?: string;
  /** The first paths that it changed; `fileCount` counts them all. */
  readonly files: readonly string[];
  readonly fileCount: number;
  /** Whether the checkout has its result: a task that was put on another commit may have lost it. */
  readonly isHere: boolean;
}

/** Where a program can go on: its own name for the thread, and what it has kept of it. */
export interface Thread {
  readonly sessionId: string;
  /** A copy in the folder `own`, for whichever program does not keep its threads by itself. */
  readonly file?: string;
}

export interface Repair {
  /** The whole earlier proposal, as it was given. */
  readonly proposal: string;
  readonly message: string;
}

/** A decision that an executor leaves to the user. */
export interface Ask {
  readonly text: string;
  /** What may be answered; empty where any text may. */
  readonly choices: readonly string[];
  /** The policy's answer where nobody gives one in time, or nobody can be asked. */
  readonly fallback: string;
  /** Whether no agent may answer: it would give itself leave. */
  readonly personsOnly?: true;
}

export interface ExecutionContext {
  /** The slot: the executor's working directory, and all that it may change. */
  readonly directory: string;
  /** A folder for what the executor gives its program to read (a schema): neither a part of the slot nor of the patch. */
  readonly own: string;
  /** The allow-listed environment, with a temporary directory and the attempt's mark in it. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onLog: (event: LogEvent) => void;
  readonly onRaw: (line: RawLine) => void;
  /** What this run has used so far, in all: a run that passes its budget is stopped. */
  readonly onUsage: (usage: Usage) => void;
  /** Makes the job WAITING until it is answered; resolves with one of the choices, or with the fallback. */
  readonly ask: (question: Ask) => Promise<string>;
  /** Where it is given, no program is started. */
  readonly playback?: Playback;
}

/** What an executor says of its run: told, never believed. */
export interface Report {
  readonly summary?: string;
  readonly testPlan?: string;
  readonly notes?: string;
  readonly sessionId?: string;
  /** What its program has kept of the thread, for a later job to go on from: a file in the folder `own`. */
  readonly threadFile?: string;
  readonly usage?: Usage;
  /** What the executor's program was told, as it was told it. Only its digest is kept. */
  readonly prompt?: string;
  /** Of the executor's program, as that tells it. */
  readonly version?: string;
  /** The change as a text (see domain/proposal.ts), where the executor has not made it itself: the relay makes it. */
  readonly proposal?: string;
}

/** Where a patch comes from, for its certificate. */
export const Provenance = z.object({ version: z.string(), prompt: Digest });
export type Provenance = z.infer<typeof Provenance>;

export type ExecutorError =
  /** It ran and failed: `message` says how and what to do. Another attempt may end otherwise. */
  | { readonly kind: 'failed'; readonly message: string; readonly usage?: Usage }
  /** Its program stopped by itself at the budget that it was given. */
  | { readonly kind: 'spent'; readonly message: string; readonly usage?: Usage }
  /** It cannot run here as things are: not installed, not signed in. No other attempt would help. */
  | { readonly kind: 'unavailable'; readonly message: string }
  /** Its provider takes no more for now. `until`: ms since 1970, where it was told. */
  | { readonly kind: 'limited'; readonly message: string; readonly until?: number }
  /** The thread that it was to go on in cannot be taken up: nothing was done, and the task can be told anew. */
  | { readonly kind: 'threadGone'; readonly message: string }
  /** The signal ended it. */
  | { readonly kind: 'aborted' };

/** What a spec may ask of an executor; more is refused at the door, because nothing would keep it. */
export interface Abilities {
  readonly sandboxes: readonly Sandbox[];
  /** The figures that it tells while it runs: what a budget can be held to. */
  readonly budgets: readonly ('usd' | 'tokens')[];
  /** Whether it can go on in the thread of an earlier job. */
  readonly resumes?: true;
}

export const noAbilities: Abilities = { sandboxes: [], budgets: [] };

/** Whether an executor can run now. `message` says what is wrong, and what to do. */
export type Readiness =
  | { readonly state: 'ready'; readonly version?: string }
  | {
      readonly state: 'notInstalled' | 'notSignedIn' | 'tooOld' | 'broken';
      readonly message: string;
      readonly version?: string;
    };

/** The port that every executor implements. It edits `directory` or proposes; git, not the executor, makes the patch. */
export interface Executor {
  readonly name: string;
  readonly abilities: Abilities;
  /** Without the network, within a few seconds. An executor without it is always ready. */
  probe?(signal: AbortSignal): Promise<Readiness>;
  run(request: ExecutionRequest, context: ExecutionContext): Promise<Result<Report, ExecutorError>>;
}
