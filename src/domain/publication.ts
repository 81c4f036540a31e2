import * as z from 'zod';
import { ObjectId } from './ids.ts';

/** A branch as it was pushed to a remote of the user's, and the pull request for it, where there is one. */
export const Publication = z.object({
  branch: z.string(),
  commit: ObjectId,
  /** As git knows it in the user's repository. */
  remote: z.string(),
  url: z.string().optional(),
});
export type Publication = z.infer<typeof Publication>;
