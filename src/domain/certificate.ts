import * as z from 'zod';
import { Check } from './artifact.ts';
import { ReasonCode } from './failure.ts';
import { Digest, JobId, ObjectId } from './ids.ts';

/** SHA-256 in in-toto's form of a digest set. */
const Sha256 = z.object({ sha256: Digest });

/** Where the proof was made. */
export const ProofEnvironment = z.object({
  relay: z.string(),
  node: z.string(),
  git: z.string(),
  platform: z.string(),
  arch: z.string(),
  /** The names of what executor, setup and gates were given; never the values. */
  variables: z.array(z.string()),
});
export type ProofEnvironment = z.infer<typeof ProofEnvironment>;

/**
 * certificate.json: what the relay ran on a patch and what came of it, as an in-toto statement (v1,
 * https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) about the patch's bytes. It is not signed: it is
 * good because each of its claims can be run again. Times are ISO 8601 in UTC.
 */
export const Certificate = z.object({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.object({ name: z.literal('patch.diff'), digest: Sha256 })).length(1),
  predicateType: z.literal('urn:task-relay:certificate:v1'),
  predicate: z.object({
    job: JobId,
    attempt: z.int().min(1),
    verdict: z.enum(['proven', 'refused']),
    reasonCode: ReasonCode.optional(),
    /** `graft`: the commit is none of the repository's; it was made on `on`, which is. */
    baseline: z.object({ commit: ObjectId, tree: ObjectId, graft: z.object({ on: ObjectId }).optional() }),
    result: z.object({ tree: ObjectId }),
    spec: Sha256,
    /** Of what the executor was told to do. */
    prompt: Sha256,
    executor: z.object({ name: z.string(), version: z.string() }),
    environment: ProofEnvironment,
    checks: z.array(Check),
    /** Fingerprints of secrets that a person has lifted. */
    lifted: z.array(z.string()),
    times: z.object({ submitted: z.iso.datetime(), started: z.iso.datetime(), finished: z.iso.datetime() }),
  }),
});
export type Certificate = z.infer<typeof Certificate>;
