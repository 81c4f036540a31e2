import * as z from 'zod';
import { Digest } from './ids.ts';

/** `stream.jsonl` is what the executor's program printed, line by line as it came. */
export const ArtifactName = z.enum(['patch.diff', 'out.md', 'logs.txt', 'pr.json', 'certificate.json', 'stream.jsonl']);
export type ArtifactName = z.infer<typeof ArtifactName>;

/** A stored result of an attempt: its content is in the vault under `digest`. */
export const Artifact = z.object({ name: ArtifactName, digest: Digest, bytes: z.int().min(0) });
export type Artifact = z.infer<typeof Artifact>;

/** How a file differs between the baseline and the result. A rename is a deletion and an addition. */
const ChangeKind = z.enum(['added', 'modified', 'deleted', 'type']);

/** One changed path. `path` is for people: bytes that are no UTF-8 are shown as U+FFFD. Modes are git's octal modes. */
export const FileChange = z.object({
  path: z.string(),
  kind: ChangeKind,
  oldMode: z.string(),
  newMode: z.string(),
  oldId: z.string(),
  newId: z.string(),
  /** Of an addition: the deleted path that git takes it for a rename of. For display alone. */
  from: z.string().optional(),
  /** Whether the patch has its bytes and no lines. */
  binary: z.boolean().optional(),
});
export type FileChange = z.infer<typeof FileChange>;

/** How a gate did on the baseline and on the result, in a word. */
export const GateLabel = z.enum(['fixed', 'still passing', 'still failing', 'regressed', 'flaky', 'new']);
export type GateLabel = z.infer<typeof GateLabel>;

/** The single tests that a gate reported, counted; the first that failed by name. */
export const TestTally = z.object({
  passed: z.int().min(0),
  failed: z.int().min(0),
  skipped: z.int().min(0),
  failures: z.array(z.object({ name: z.string(), message: z.string().optional() })),
});
export type TestTally = z.infer<typeof TestTally>;

/** A whole text in the vault. */
const Stored = z.object({ digest: Digest, bytes: z.int().min(0) });
export type Stored = z.infer<typeof Stored>;

/** One proof on an attempt's bundle. `detail` says what was found, briefly; `output` is all that was printed. */
export const Check = z.object({
  name: z.string(),
  verdict: z.enum(['pass', 'fail', 'skip']),
  detail: z.string().optional(),
  durationMs: z.number().min(0),
  label: GateLabel.optional(),
  /** What was run. */
  run: z.string().optional(),
  exitCode: z.int().optional(),
  output: Stored.optional(),
  tests: TestTally.optional(),
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
