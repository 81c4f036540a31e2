import type { ArtifactName, Check } from '../domain/artifact.ts';
import type { ShownChange } from '../domain/shownChange.ts';
import type { Job } from './jobModel.ts';

/** One row of the jobs tree. */
export type Node =
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: 'file'; readonly job: Job; readonly file: ShownChange }
  | { readonly kind: 'check'; readonly job: Job; readonly check: Check }
  | { readonly kind: 'document'; readonly job: Job; readonly name: ArtifactName };

/** A name that stays, so that a refresh keeps what is open and selected. */
export function keyOf(node: Node): string {
  const { jobId } = node.job.summary;
  switch (node.kind) {
    case 'job':
      return jobId;
    case 'file':
      return `${jobId}/file/${node.file.path}`;
    case 'check':
      return `${jobId}/check/${node.check.name}`;
    case 'document':
      return `${jobId}/document/${node.name}`;
  }
}
