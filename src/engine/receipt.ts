import * as z from 'zod';
import { Chosen } from '../domain/chosen.ts';
import { Digest, JobId } from '../domain/ids.ts';
import { FileState } from './fileState.ts';

const Folders = z.array(z.object({ path: z.string(), mode: z.int().nullable() }));

/**
 * What a delivery changes, file by file: kept before the first write, so that an undo or a recovery can bring back each byte.
 * It covers all of a patch that is applied: where more of a patch is applied, the new receipt takes the place of the earlier.
 */
export const Receipt = z.object({
  jobId: JobId,
  workspace: z.string(),
  files: z.array(
    z.object({
      /** Carried as bytes: see git/path.ts. */
      path: z.string(),
      /** Ahead of all that is applied of the patch: what an undo brings back. */
      before: FileState,
      /** Ahead of this delivery, where an earlier one had changed the file: what a roll-back brings back. */
      from: FileState.optional(),
      after: FileState,
    }),
  ),
  /** The folders of those files as they were before: their permissions, or null where there was none. */
  folders: Folders,
  /** The same ahead of this delivery, where an earlier one had changed them. */
  foldersFrom: Folders.optional(),
  /** What of the patch is applied; all of it where this is missing. */
  chosen: z.array(Chosen).optional(),
  /** Where the contents are that may have to come back; one that is not named here is in the vault by its own digest. */
  contents: z
    .array(z.object({ digest: Digest, pack: Digest, offset: z.int().min(0), bytes: z.int().min(0) }))
    .optional(),
});
export type Receipt = z.infer<typeof Receipt>;
export type DeliveredFile = Receipt['files'][number];

/** A file's state ahead of the delivery that the receipt is of. */
export function fromOf({ before, from }: DeliveredFile): FileState {
  return from ?? before;
}
