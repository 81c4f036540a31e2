import * as z from 'zod';
import { JobId, ObjectId } from '../domain/ids.ts';

/** Where a proven patch that is not in the user's tree stands towards what HEAD and the tree have become. */
const DriftState = z.enum(['clean', 'merged', 'conflict', 'contained']);

export const Drift = z.strictObject({
  state: DriftState.describe(
    'clean: nothing that the patch touches has changed since its baseline; merged: it fits by a three-way merge; conflict: it does not; contained: all of it is there already',
  ),
  head: ObjectId.describe('the commit that it was judged at'),
  paths: z.array(z.string()).describe('the first 20 paths that both sides changed, where it merges or conflicts'),
  dirty: z.array(z.string()).describe('files of the patch with uncommitted changes: they block an apply'),
});
export type Drift = z.infer<typeof Drift>;

/** Paths that a drift names. */
export const NAMED_PATHS = 20;

/** Jobs that one plan is made of at most: the newest. */
export const MOST_PLANNED = 50;

export const PlanInput = z.strictObject({
  jobIds: z
    .array(JobId)
    .min(1)
    .max(MOST_PLANNED)
    .optional()
    .describe('default: every proven patch that is not applied'),
  workspace: z.string().optional().describe('the working tree whose jobs are meant; default: that of the newest one'),
});
export type PlanInput = z.infer<typeof PlanInput>;

const Paths = z.array(z.string()).describe('at most 20');

export const ApplyOrder = z.strictObject({
  head: ObjectId.describe('the commit that it was made for'),
  jobs: z.array(z.strictObject({ jobId: JobId, title: z.string(), drift: Drift })),
  conflicts: z
    .array(z.strictObject({ jobs: z.tuple([JobId, JobId]), paths: Paths }))
    .describe('pairs that fit HEAD each, and not together'),
  order: z.array(JobId).describe('these apply one after the other onto HEAD'),
  left: z.array(z.strictObject({ jobId: JobId, paths: Paths, because: z.string() })),
  isBest: z.boolean().describe('whether no order applies more of them'),
  omitted: z.int().describe('older patches that were not looked at'),
});
export type ApplyOrder = z.infer<typeof ApplyOrder>;
