import * as z from 'zod';
import { ArtifactName, Check, FileChange } from '../domain/artifact.ts';
import { Relation } from '../domain/event.ts';
import { ReasonCode } from '../domain/failure.ts';
import { Digest, JobId, ObjectId } from '../domain/ids.ts';
import { DeliveryState, JobState } from '../domain/job.ts';
import { Priority } from '../domain/jobSpec.ts';
import { Publication } from '../domain/publication.ts';
import { SecretFind } from '../domain/secretFind.ts';
import { Spent } from '../domain/spent.ts';
import { Drift } from './drift.ts';

const Ms = z.number().describe('ms since 1970');

export const ArtifactView = z.strictObject({
  name: ArtifactName,
  uri: z.string().describe('mcp://jobs/{id}/artifacts/{name}'),
  digest: Digest,
  bytes: z.int(),
});
export type ArtifactView = z.infer<typeof ArtifactView>;

/** What a list tells of a job. */
export const JobSummary = z.strictObject({
  jobId: JobId,
  state: JobState,
  stateVersion: z.int(),
  title: z.string(),
  executor: z.string(),
  baseline: ObjectId,
  priority: Priority,
  attempt: z.int(),
  createdAt: Ms,
  startedAt: Ms.optional(),
  finishedAt: Ms.optional(),
  durationMs: z.number().optional().describe('from startedAt to finishedAt'),
  reasonCode: ReasonCode.optional(),
  delivery: DeliveryState.optional().describe("of a SUCCEEDED job: whether its patch is in the user's tree"),
  drift: Drift.optional().describe(
    'of a patch that is not applied: how it stands towards HEAD and the working tree now',
  ),
});
export type JobSummary = z.infer<typeof JobSummary>;

/** All that is told of a job: what jobs_get, `show --json` and the status resource give. */
export const JobView = JobSummary.extend({
  message: z.string().optional().describe('why it FAILED or EXPIRED, and what to do'),
  summary: z.string().optional().describe("the executor's own words"),
  checks: z.array(Check),
  artifacts: z.array(ArtifactView),
  files: z
    .array(FileChange.pick({ path: true, kind: true, oldMode: true, newMode: true, from: true, binary: true }))
    .describe('the first changed files; `from` names the deleted file that an added one was'),
  fileCount: z.int(),
  usage: Spent.optional().describe(
    'of all its attempts that have ended; what no program told is missing, which is not zero; wallMs is from lease to end',
  ),
  question: z
    .strictObject({
      askId: z.string(),
      text: z.string(),
      choices: z.array(z.string()).describe('empty: any text may be the answer'),
      deadline: Ms,
      fallback: z.string().optional().describe('taken at the deadline; the last choice where it is missing'),
      personsOnly: z.literal(true).optional().describe('no agent may answer it'),
    })
    .optional(),
  secrets: z
    .array(SecretFind)
    .optional()
    .describe('secrets in the patch or the log; what is served is redacted, and a person can lift a find'),
  lifted: z.array(z.string()).optional().describe('fingerprints of the finds that a person has lifted'),
  graft: z
    .strictObject({ on: ObjectId, leftOut: z.array(z.string()).optional().describe('what no commit can carry') })
    .optional()
    .describe('the baseline is no commit of the repository: it was made on the commit `on`'),
  parent: JobId.optional(),
  relation: Relation.optional().describe(
    'to its parent: its task once more, the same on a newer HEAD, or another on its result',
  ),
  deleted: z.literal(true).optional().describe('it was taken out of every list'),
  partial: z.literal(true).optional().describe('only a part of the patch is applied'),
  branch: z.string().optional().describe('the branch that the patch is a commit on, where it was delivered so'),
  published: z
    .strictObject(Publication.shape)
    .optional()
    .describe('the branch as it was pushed; `url` is that of its pull request'),
});
export type JobView = z.infer<typeof JobView>;

export const JobPage = z.strictObject({ items: z.array(JobSummary), total: z.int(), hasMore: z.boolean() });
export type JobPage = z.infer<typeof JobPage>;

export const Submitted = z.strictObject({
  jobId: JobId,
  state: JobState,
  stateVersion: z.int(),
  deduplicated: z.boolean().describe('whether an earlier job with the same idempotencyKey was meant'),
});
export type Submitted = z.infer<typeof Submitted>;

/** A part of an artifact or a log, in bytes. */
export const Slice = z.strictObject({ base64: z.string(), offset: z.int(), totalBytes: z.int() });
export type Slice = z.infer<typeof Slice>;

/** A part of a job's log. `ended`: nothing more will come after `totalBytes`. */
export const LogSlice = Slice.extend({ ended: z.boolean() });
export type LogSlice = z.infer<typeof LogSlice>;

/** What a delivery did, or would do, to one file of the user's tree. */
export const FileDelivery = z.strictObject({
  path: z.string(),
  verdict: z
    .enum(['clean', 'merged', 'contained', 'blocked', 'conflict'])
    .describe('merged: with what HEAD has changed there since; contained: it is there already, and nothing is written'),
  detail: z.string().optional(),
});
export type FileDelivery = z.infer<typeof FileDelivery>;

/** Where the patch becomes a commit: on its baseline, which is what was proven, or on what HEAD is now. */
export const BranchTarget = z.strictObject({ from: z.enum(['baseline', 'head']) });
export type BranchTarget = z.infer<typeof BranchTarget>;

export const DeliveryReport = z.strictObject({
  /** Whether the user's tree was changed, or the branch made or deleted. */
  written: z.boolean(),
  files: z.array(FileDelivery),
  branch: z.strictObject({ name: z.string(), commit: ObjectId }).optional(),
  message: z.string().optional().describe('what is to be known besides'),
});
export type DeliveryReport = z.infer<typeof DeliveryReport>;

/** The files and hunks of a patch, to choose from. */
export const Hunks = z.strictObject({
  files: z.array(
    z.strictObject({
      path: z.string(),
      whole: z.boolean().describe('it can be taken whole only: new, deleted, binary, of another type or mode alone'),
      applied: z.literal(true).optional().describe('all of it is applied already'),
      hunks: z.array(
        z.strictObject({
          number: z.int().min(1).describe('in the order of patch.diff'),
          header: z.string(),
          added: z.int(),
          deleted: z.int(),
          preview: z.array(z.string()).describe('the first changed lines, with their signs'),
          applied: z.literal(true).optional(),
        }),
      ),
    }),
  ),
});
export type Hunks = z.infer<typeof Hunks>;

/** `message`: what was done, what was not, and what to do then. `page`: where a pull request is begun by hand. */
export const Published = z.strictObject({ ...Publication.shape, page: z.string().optional(), message: z.string() });
export type Published = z.infer<typeof Published>;

/** What one claim of a certificate comes to when it is run again. */
export const Claim = z.strictObject({ name: z.string(), holds: z.boolean(), detail: z.string() });
export type Claim = z.infer<typeof Claim>;

export const Verification = z.strictObject({
  holds: z.boolean().describe('whether every claim does'),
  claims: z.array(Claim),
});
export type Verification = z.infer<typeof Verification>;
