import * as z from 'zod';

/** A file of a patch, or some of its hunks, that a person chose. */
export const Chosen = z.strictObject({
  path: z.string().min(1).describe('as the patch names the file'),
  hunks: z
    .array(z.int().min(1))
    .min(1)
    .optional()
    .describe('numbers in the order of patch.diff, from 1; without them the whole file'),
});
export type Chosen = z.infer<typeof Chosen>;
