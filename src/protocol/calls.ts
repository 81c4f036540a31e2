import * as z from 'zod';
import { ArtifactName } from '../domain/artifact.ts';
import { Chosen } from '../domain/chosen.ts';
import { JournalEntry, Origin } from '../domain/event.ts';
import { Digest, JobId } from '../domain/ids.ts';
import { JobState } from '../domain/job.ts';
import { JobSpec } from '../domain/jobSpec.ts';
import { ApplyOrder, PlanInput } from './drift.ts';
import { ExecutorView } from './executorView.ts';
import { UsageInput, UsageReport } from './usage.ts';
import {
  BranchTarget,
  DeliveryReport,
  Hunks,
  JobPage,
  JobView,
  LogSlice,
  Published,
  Slice,
  Submitted,
  Verification,
} from './jobView.ts';

/** The bytes that one slice may carry at most. */
export const LARGEST_SLICE = 1024 * 1024;

const maxBytes = z.int().min(1).max(LARGEST_SLICE).default(LARGEST_SLICE);
const offset = z.int().min(0).default(0);

/** Paths relative to the working tree, with changes that are in somebody's editor and not on disk. */
const unsaved = z.array(z.string()).optional();

export const ListInput = z.strictObject({
  state: JobState.optional(),
  limit: z.int().min(1).max(100).default(20),
  offset,
});

/** What a follow-up is told; its parent's spec says the rest. */
export const FollowUp = z.strictObject({ task: JobSpec.shape.task, execution: JobSpec.shape.execution });

/**
 * The façade, one row a call: what it takes and what it gives. engine/relay.ts implements it, guest/ speaks it over the
 * host's listener, so that a guest can do all that the host can.
 */
export const calls = {
  submit: {
    input: z.strictObject({ spec: JobSpec, workspace: z.string(), origin: Origin, parent: JobId.optional() }),
    output: Submitted,
  },
  get: { input: z.strictObject({ jobId: JobId }), output: JobView },
  /** The id that begins so. */
  find: { input: z.strictObject({ prefix: z.string().min(1).max(64) }), output: z.strictObject({ jobId: JobId }) },
  list: { input: ListInput, output: JobPage },
  events: { input: z.strictObject({ jobId: JobId }), output: z.strictObject({ entries: z.array(JournalEntry) }) },
  /** What the attempts that ended on these days cost, by day and executor. */
  usage: { input: UsageInput, output: UsageReport },
  cancel: {
    input: z.strictObject({ jobId: JobId, origin: Origin }),
    output: z.strictObject({ ok: z.boolean().describe('false: it had ended before'), state: JobState }),
  },
  retry: { input: z.strictObject({ jobId: JobId, origin: Origin }), output: Submitted },
  /** An ended job's task once more, on the commit that HEAD is at now. */
  rebase: { input: z.strictObject({ jobId: JobId, origin: Origin }), output: Submitted },
  /** Another task, on the result of a job that SUCCEEDED. */
  followUp: { input: FollowUp.extend({ jobId: JobId, origin: Origin }), output: Submitted },
  /** Takes an ended job out of every list; the audit trail keeps it. */
  delete: {
    input: z.strictObject({ jobId: JobId, origin: Origin }),
    output: z.strictObject({ ok: z.boolean() }),
  },
  /** A person says that these finds are no secrets: what was kept apart is judged again. */
  lift: {
    input: z.strictObject({
      jobId: JobId,
      finds: z.array(z.string().min(1).max(200)).min(1).max(1000),
      origin: Origin,
    }),
    output: z.strictObject({ state: JobState, stateVersion: z.int() }),
  },
  /** Runs a certificate's claims again; `patch` is the digest of one that is to be the certified one. May take long. */
  verify: {
    input: z.strictObject({ jobId: JobId, patch: Digest.optional() }),
    output: Verification,
  },
  artifact: { input: z.strictObject({ jobId: JobId, name: ArtifactName, offset, maxBytes }), output: Slice },
  /** All that the runs of one check printed, by the check's name. */
  checkOutput: { input: z.strictObject({ jobId: JobId, check: z.string(), offset, maxBytes }), output: Slice },
  log: { input: z.strictObject({ jobId: JobId, offset, maxBytes }), output: LogSlice },
  /** `chosen`: of a patch that is applied in part, more of it; all where it is missing. */
  apply: {
    input: z.strictObject({
      jobId: JobId,
      origin: Origin,
      dryRun: z.boolean().default(false),
      chosen: z.array(Chosen).min(1).optional(),
      unsaved,
      /** To a commit on a branch of its own: nothing of the working tree, the index or HEAD is touched. */
      branch: BranchTarget.optional(),
    }),
    output: DeliveryReport,
  },
  undo: { input: z.strictObject({ jobId: JobId, origin: Origin, unsaved }), output: DeliveryReport },
  /** The files and hunks of a proven patch. */
  hunks: { input: z.strictObject({ jobId: JobId }), output: Hunks },
  /** Pushes the job's branch (made first where it is not there), and opens a pull request; persons only. May take long. */
  publish: {
    input: z.strictObject({ jobId: JobId, origin: Origin, open: z.enum(['gh', 'none']).default('gh') }),
    output: Published,
  },
  /** The answer to a WAITING job's question: one of its choices. */
  answer: {
    input: z.strictObject({ jobId: JobId, askId: z.string(), answer: z.string(), origin: Origin }),
    output: z.strictObject({ state: JobState }),
  },
  /** A changed file of a job's patch as it was at the baseline, or as the patch makes it; nothing where it is not there. */
  content: {
    input: z.strictObject({ jobId: JobId, path: z.string(), side: z.enum(['before', 'after']) }),
    output: z.strictObject({ base64: z.string().optional() }),
  },
  /** The executors, with whether each can run now; `anew` looks again instead of believing what was found a minute ago. */
  executors: {
    input: z.strictObject({ anew: z.boolean().default(false) }),
    output: z.strictObject({ executors: z.array(ExecutorView) }),
  },
  /** The working tree may have moved: every patch that is not applied is judged again, in its time. */
  look: { input: z.strictObject({}), output: z.strictObject({}) },
  /** Which patches fit together, and an order that applies the most of them onto HEAD. */
  plan: { input: PlanInput, output: ApplyOrder },
  /** How much is under way: a host that is idle may end. */
  activity: { input: z.strictObject({}), output: z.strictObject({ live: z.int() }) },
} as const;

export type CallName = keyof typeof calls;
/** Parsed input: doors parse, the façade believes its types. */
export type CallInput<N extends CallName> = z.output<(typeof calls)[N]['input']>;
export type CallOutput<N extends CallName> = z.output<(typeof calls)[N]['output']>;
