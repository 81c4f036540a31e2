import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { FileState } from './fileState.ts';

/** What a delivery changes, file by file: kept before the first write, so that an undo or a recovery can bring back each byte. */
export const Receipt = z.object({
  jobId: JobId,
  workspace: z.string(),
  files: z.array(
    z.object({
      /** Carried as bytes: see git/path.ts. */
      path: z.string(),
      before: FileState,
      after: FileState,
    }),
  ),
  /** The folders of those files as they were before: their permissions, or null where there was none. */
  folders: z.array(z.object({ path: z.string(), mode: z.int().nullable() })),
});
export type Receipt = z.infer<typeof Receipt>;
export type DeliveredFile = Receipt['files'][number];
