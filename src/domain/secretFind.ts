import * as z from 'zod';
import { Provenance } from './executor.ts';
import { Digest } from './ids.ts';

/**
 * A secret that was found, told without it. `fingerprint` names the secret wherever it stands, so that a lift of it holds
 * for another attempt; `source` is a path of the patch, `logs.txt`, or in words what else it stands in (`the name
 * of a file`); line and column count from 1.
 */
export const SecretFind = z.object({
  fingerprint: z.string(),
  rule: z.string(),
  source: z.string(),
  line: z.int().min(1),
  column: z.int().min(1),
  preview: z.string(),
});
export type SecretFind = z.infer<typeof SecretFind>;

/** What was kept apart because of secrets in it, as it was: patch and log. Nothing serves it. */
export const Quarantine = z.object({
  patch: Digest,
  log: Digest,
  finds: z.array(SecretFind),
  provenance: Provenance,
});
export type Quarantine = z.infer<typeof Quarantine>;
