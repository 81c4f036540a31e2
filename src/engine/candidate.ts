import type { Graft } from '../domain/graft.ts';
import type { Digest, JobId, ObjectId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { Sourced } from './sources.ts';

/** A proven patch that is not in the user's tree: what is kept of its job while it may be applied. */
export interface Candidate extends Sourced {
  readonly jobId: JobId;
  readonly title: string;
  readonly createdAt: number;
  readonly resultTree: ObjectId;
  readonly patch: Digest;
  readonly graft?: Graft;
}

export function candidateOf(job: Job): Candidate | undefined {
  if (job.state !== 'SUCCEEDED' || job.deleted === true) return undefined;
  if (job.delivery.state !== 'none' && job.delivery.state !== 'undone') return undefined;
  const { resultTree, artifacts } = job.outcome;
  const patch = artifacts.find(({ name }) => name === 'patch.diff');
  if (resultTree === undefined || patch === undefined || patch.bytes === 0) return undefined;
  const { id, createdAt, baseline, graft, source, workspace, spec } = job;
  return {
    jobId: id,
    title: spec.task.title,
    createdAt,
    baseline,
    source,
    workspace,
    spec: spec.repo === undefined ? {} : { repo: spec.repo },
    resultTree,
    patch: patch.digest,
    ...(graft === undefined ? {} : { graft }),
  };
}
