import * as z from 'zod';
import { Digest, ObjectId } from './ids.ts';

/** A baseline that is no commit of the source repository: what is needed to have it again where no mirror has it. */
export const Graft = z.object({
  /** A commit that the source repository has, and that the baseline descends from. */
  on: ObjectId,
  /** In the vault: a thin pack of what the baseline has and `on` has not. */
  pack: Digest,
  /** What was in the working tree and is not in the baseline, because no commit can carry it. */
  leftOut: z.array(z.string()).optional(),
});
export type Graft = z.infer<typeof Graft>;
