import { sha256 } from '../base/canonical.ts';
import type { Check } from '../domain/artifact.ts';
import type { Certificate, ProofEnvironment } from '../domain/certificate.ts';
import type { Provenance } from '../domain/executor.ts';
import type { Failure } from '../domain/failure.ts';
import { Digest } from '../domain/ids.ts';
import type { RunningJob } from '../domain/job.ts';
import type { Bundle } from './bundle.ts';

/** All that a certificate says, where it comes from. */
export interface Certified {
  readonly job: RunningJob;
  readonly bundle: Bundle;
  readonly checks: readonly Check[];
  readonly failure?: Failure;
  readonly provenance: Provenance;
  readonly environment: ProofEnvironment;
  /** Ms since 1970. */
  readonly finishedAt: number;
}

/** The certificate of an attempt that came to a patch, whether it was proven or refused. */
export function certificateOf(certified: Certified): Certificate {
  const { job, bundle, checks, failure, provenance, environment, finishedAt } = certified;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'patch.diff', digest: digestOf(bundle.patch) }],
    predicateType: 'urn:task-relay:certificate:v1',
    predicate: {
      job: job.id,
      attempt: job.attempt,
      verdict: failure === undefined ? 'proven' : 'refused',
      ...(failure === undefined ? {} : { reasonCode: failure.code }),
      baseline: {
        commit: job.baseline,
        tree: bundle.baseTree,
        ...(job.graft === undefined ? {} : { graft: { on: job.graft.on } }),
      },
      result: { tree: bundle.resultTree },
      spec: { sha256: job.specDigest },
      prompt: { sha256: provenance.prompt },
      executor: { name: job.executor, version: provenance.version },
      environment,
      checks: [...checks],
      lifted: [...(job.lifted ?? [])],
      times: {
        submitted: new Date(job.createdAt).toISOString(),
        started: new Date(job.startedAt).toISOString(),
        finished: new Date(finishedAt).toISOString(),
      },
    },
  };
}

function digestOf(content: Uint8Array): { sha256: Digest } {
  return { sha256: Digest.parse(sha256(content)) };
}
