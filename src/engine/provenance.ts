import { canonicalJson, sha256 } from '../base/canonical.ts';
import type { ProofEnvironment } from '../domain/certificate.ts';
import type { Provenance, Report } from '../domain/executor.ts';
import { Digest } from '../domain/ids.ts';
import type { RunningJob } from '../domain/job.ts';

/** Where a job's patch comes from; an executor that tells no prompt was told the task. */
export function provenanceOf(report: Report, job: RunningJob, relayVersion: string): Provenance {
  if (job.rejudged !== undefined) return job.rejudged.provenance;
  const prompt = report.prompt ?? canonicalJson(job.spec.task);
  return { version: report.version ?? `task-relay ${relayVersion}`, prompt: Digest.parse(sha256(prompt)) };
}

/** Where the proof is made: versions, and the names of the variables that were let through. */
export function proofEnvironment(own: {
  readonly relay: string;
  readonly git: string;
  readonly variables: Readonly<Record<string, string>>;
}): ProofEnvironment {
  return {
    relay: own.relay,
    node: process.version,
    git: own.git,
    platform: process.platform,
    arch: process.arch,
    variables: Object.keys(own.variables).sort(),
  };
}
