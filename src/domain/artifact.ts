import * as z from 'zod';
import { Digest } from './ids.ts';

export const ArtifactName = z.enum(['patch.diff', 'out.md', 'logs.txt', 'pr.json']);
export type ArtifactName = z.infer<typeof ArtifactName>;

/** A stored result of an attempt: its content is in the vault under `digest`. */
export const Artifact = z.object({ name: ArtifactName, digest: Digest, bytes: z.int().min(0) });
export type Artifact = z.infer<typeof Artifact>;

/** How a file differs between the baseline and the result. Renames are for display and are not told here. */
const ChangeKind = z.enum(['added', 'modified', 'deleted', 'type']);

/** One changed path. `path` is for people: bytes that are no UTF-8 are shown as U+FFFD. Modes are git's octal modes. */
export const FileChange = z.object({
  path: z.string(),
  kind: ChangeKind,
  oldMode: z.string(),
  newMode: z.string(),
  oldId: z.string(),
  newId: z.string(),
});
export type FileChange = z.infer<typeof FileChange>;

/** One proof on an attempt's bundle. `detail` says what was run and what it printed. */
export const Check = z.object({
  name: z.string(),
  verdict: z.enum(['pass', 'fail', 'skip']),
  detail: z.string().optional(),
  durationMs: z.number().min(0),
});
export type Check = z.infer<typeof Check>;

export const Usage = z.object({
  inputTokens: z.int().min(0).optional(),
  cachedInputTokens: z.int().min(0).optional(),
  outputTokens: z.int().min(0).optional(),
  costUsd: z.number().min(0).optional(),
  turns: z.int().min(0).optional(),
});
export type Usage = z.infer<typeof Usage>;
