import * as z from 'zod';
import { Artifact, Check, FileChange, Usage } from './artifact.ts';
import { Failure } from './failure.ts';
import { Graft } from './graft.ts';
import { Digest, JobId, ObjectId } from './ids.ts';
import { JobSpec } from './jobSpec.ts';
import { Publication } from './publication.ts';
import { Quarantine } from './secretFind.ts';

/** Who asked: a person in the editor, an agent by MCP, or a command line. */
export const Origin = z.enum(['editor', 'mcp', 'cli']);
export type Origin = z.infer<typeof Origin>;

/** What a job is to its parent: its task once more, or on the commit that HEAD is at now; or a task that goes on from its result. */
export const Relation = z.enum(['retry', 'rebase', 'followUp']);
export type Relation = z.infer<typeof Relation>;

/** What an attempt came to, whichever way it ended. */
export const Outcome = z.object({
  summary: z.string().optional(),
  /** The executor's own name for its thread. */
  sessionId: z.string().optional(),
  checks: z.array(Check),
  artifacts: z.array(Artifact),
  /** The first changed files, by path; `fileCount` counts them all. */
  files: z.array(FileChange),
  fileCount: z.int().min(0),
  /** The tree that the patch makes of the baseline. */
  resultTree: ObjectId.optional(),
  usage: Usage.optional(),
  /** Of a patch with secrets in it: what is served is redacted, and the rest is kept apart. */
  quarantine: Quarantine.optional(),
});
export type Outcome = z.infer<typeof Outcome>;

/** What a job waits for. `choices` is empty where any text may be the answer; `deadline` in ms since 1970. */
export const Question = z.object({
  askId: z.string(),
  text: z.string(),
  choices: z.array(z.string()),
  deadline: z.number(),
  /** What is taken where nobody answers in time; the last choice where it is missing. */
  fallback: z.string().optional(),
  /** Whether no agent may answer it. */
  personsOnly: z.literal(true).optional(),
});
export type Question = z.infer<typeof Question>;

/** Everything that can happen to a job: what the journal keeps. Times are ms since 1970. */
export const JobEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('submitted'),
    spec: JobSpec,
    specDigest: Digest,
    /** The commit that the job starts from. */
    baseline: ObjectId,
    /** Where the baseline is no commit of the source repository. */
    graft: Graft.optional(),
    /** The repository's working tree, or the `local` path or `git` URL that the spec names. */
    source: z.string(),
    /** The working tree that a delivery writes to. */
    workspace: z.string(),
    /** The branch that HEAD of the working tree was on. */
    onBranch: z.string().optional(),
    executor: z.string(),
    origin: Origin,
    parent: JobId.optional(),
    relation: Relation.optional(),
  }),
  /** `executor`: the one that was taken for a job that named none. */
  z.object({ type: z.literal('leased'), attempt: z.int().min(1), executor: z.string().optional() }),
  z.object({ type: z.literal('asked'), attempt: z.int().min(1), question: Question }),
  z.object({
    type: z.literal('answered'),
    attempt: z.int().min(1),
    askId: z.string(),
    answer: z.string(),
    by: z.string(),
  }),
  z.object({ type: z.literal('attemptFailed'), attempt: z.int().min(1), failure: Failure, outcome: Outcome }),
  /** The executor's provider took no more: the attempt is none of those that maxAttempts counts. `until`: ms since 1970. */
  z.object({
    type: z.literal('deferred'),
    attempt: z.int().min(1),
    message: z.string(),
    until: z.number(),
    artifacts: z.array(Artifact),
    usage: Usage.optional(),
  }),
  /** `drained`: its host went down in good order. Without it, the host was killed: what lines of older versions say too. */
  z.object({
    type: z.literal('attemptLost'),
    attempt: z.int().min(1),
    drained: z.literal(true).optional(),
    /** What it had used, where its host knew. */
    usage: Usage.optional(),
  }),
  z.object({ type: z.literal('succeeded'), attempt: z.int().min(1), outcome: Outcome }),
  z.object({ type: z.literal('failed'), attempt: z.int().min(1), failure: Failure, outcome: Outcome }),
  /** A person says of these secrets that they are none: the kept patch is judged again, without its executor. */
  z.object({ type: z.literal('lifted'), finds: z.array(z.string()).min(1), by: Origin }),
  z.object({ type: z.literal('canceled'), by: Origin }),
  z.object({ type: z.literal('expired') }),
  /** Of an attempt that a cancel or an expiry ended: its artifacts and what it used. They change nothing but what can be read. */
  z.object({
    type: z.literal('sealed'),
    attempt: z.int().min(1),
    artifacts: z.array(Artifact),
    usage: Usage.optional(),
  }),
  /**
   * Journaled before the first byte is written to the user's tree, or the branch is made. `receipt` is in the vault. Of a
   * patch that is applied in part, it takes the place of the earlier one.
   */
  z.object({ type: z.literal('deliveryStarted'), receipt: Digest, by: Origin, branch: z.string().optional() }),
  z.object({ type: z.literal('delivered') }),
  z.object({ type: z.literal('undoStarted'), by: Origin }),
  /** All is as it was before the delivery: it was undone, or rolled back when it did not end. */
  z.object({ type: z.literal('undone') }),
  /** The branch was pushed; `url` is the pull request's, where one was opened. */
  z.object({ type: z.literal('published'), ...Publication.shape, by: Origin }),
  /** What `notify.webhook` came to: `status` is that of the last answer, where there was one. */
  z.object({ type: z.literal('notified'), ok: z.boolean(), tries: z.int().min(1), status: z.int().optional() }),
  /** A person does not want to see the job any more: no list has it, and the audit trail keeps it. */
  z.object({ type: z.literal('deleted'), by: Origin }),
]);
export type JobEvent = z.infer<typeof JobEvent>;
export type JobEventType = JobEvent['type'];

/** One line of the audit trail. `seq` counts all events of a record from 1, without a gap. */
export const JournalEntry = z.object({ seq: z.int().min(1), at: z.number(), jobId: JobId, event: JobEvent });
export type JournalEntry = z.infer<typeof JournalEntry>;
