/**
 * What an executor of another author is written against. Types alone, and no imports: copy this file, which the extension
 * ships as dist/task-relay.d.ts. Version 1: what is here stays; more may come.
 *
 *     const relay = await vscode.extensions.getExtension<TaskRelayApi>('task-relay.task-relay')?.activate();
 *     context.subscriptions.push(relay.registerExecutor({ name: 'mine', run: async (task, { directory }) => { … } }));
 */
export interface TaskRelayApi {
  readonly apiVersion: 1;
  /**
   * Gives the executor to the relays that this window hosts, now and later. Throws a TypeError where it has another shape,
   * or a name that is taken. Disposing takes it out; what runs goes on to its end.
   */
  registerExecutor(executor: PluginExecutor): { dispose(): void };
}

export interface PluginExecutor {
  /** What a task names as execution.executor: at most 40 of a-z, A-Z, 0-9 and "-", beginning with a small letter. */
  readonly name: string;
  /** The figures that `usage` is told while it runs: what a task's budget can be held to. None where it is left out. */
  readonly budgets?: readonly ('usd' | 'tokens')[];
  /** Whether it can run now: without the network, within a few seconds. Without it, it is always ready. */
  probe?(signal: AbortSignal): PluginReadiness | PromiseLike<PluginReadiness>;
  /**
   * Makes the change by editing files in `context.directory`, or gives it as a `proposal`. git makes the patch, and the
   * relay proves it. An exception fails the attempt; its message is told to the user. Two codes mean more:
   * `code: 'unavailable'` (no other attempt would help) and `code: 'limited'` (the provider takes no more, until
   * `until`, ms since 1970, where that is known: its jobs wait, and none fails).
   */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- an async function that returns nothing is one
  run(task: PluginTask, context: PluginContext): PluginResult | void | PromiseLike<PluginResult | void>;
}

export type PluginReadiness =
  | { readonly ready: true; readonly version?: string }
  | {
      readonly ready: false;
      readonly reason: 'notInstalled' | 'notSignedIn' | 'tooOld' | 'broken';
      /** What is wrong, and what to do. */
      readonly message: string;
      readonly version?: string;
    };

export interface PluginTask {
  readonly jobId: string;
  /** From 1. */
  readonly attempt: number;
  readonly title: string;
  readonly description: string;
  /** When it is done. */
  readonly acceptance: readonly string[];
  /** Globs of what the patch may touch; empty where it may touch anything. */
  readonly fileGlobs: readonly string[];
  readonly model?: string;
  /** The proposal that was given before in this attempt, and why it did not do: the last chance to mend it. */
  readonly repair?: { readonly proposal: string; readonly message: string };
}

export interface PluginContext {
  /** A checkout of its own, at the task's commit: all that may be changed. It is another job's once the run is over. */
  readonly directory: string;
  /** Raised when the job is canceled or its time is up. What goes on after that is not waited for. */
  readonly signal: AbortSignal;
  /** Lines for the job's log. */
  readonly log: (text: string) => void;
  /** What the run has used so far, in all. */
  readonly usage: (used: PluginUsage) => void;
  /** Makes the job WAITING until the user has answered; nobody does: the fallback. Without choices, any text may come. */
  readonly ask: (question: {
    readonly text: string;
    readonly choices?: readonly string[];
    readonly fallback: string;
  }) => Promise<string>;
}

export interface PluginUsage {
  readonly inputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly outputTokens?: number;
  readonly costUsd?: number;
  readonly turns?: number;
}

export interface PluginResult {
  /** What was changed and why. */
  readonly summary?: string;
  /** How to see that it works. */
  readonly testPlan?: string;
  /** What the reviewer should know besides. */
  readonly notes?: string;
  /** The change, where the executor has not made it itself: the relay makes all of it, or nothing. */
  readonly proposal?: PluginProposal;
  readonly usage?: PluginUsage;
}

/** Paths are relative to the repository, with forward slashes. */
export interface PluginProposal {
  /** `oldText` occurs exactly once in the file. */
  readonly edits?: readonly { readonly path: string; readonly oldText: string; readonly newText: string }[];
  /** Files to write anew, whole. */
  readonly files?: readonly { readonly path: string; readonly content: string }[];
  readonly deletions?: readonly string[];
  /** A unified diff, instead. */
  readonly diff?: string;
}
