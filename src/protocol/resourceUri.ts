import { ArtifactName } from '../domain/artifact.ts';
import { JobId } from '../domain/ids.ts';

/** What a resource of the relay is about. */
export type ResourceName =
  | { readonly kind: 'status'; readonly jobId: JobId }
  | { readonly kind: 'artifact'; readonly jobId: JobId; readonly name: ArtifactName };

export const STATUS_TEMPLATE = 'mcp://jobs/{jobId}/status';
export const ARTIFACT_TEMPLATE = 'mcp://jobs/{jobId}/artifacts/{name}';

export function statusUri(jobId: JobId): string {
  return `mcp://jobs/${jobId}/status`;
}

export function artifactUri(jobId: JobId, name: ArtifactName): string {
  return `mcp://jobs/${jobId}/artifacts/${name}`;
}

/** Undefined for anything that is no resource of a relay. */
export function parseResourceUri(uri: string): ResourceName | undefined {
  const match = /^mcp:\/\/jobs\/([^/]+)\/(?:status|artifacts\/([^/]+))$/.exec(uri);
  const jobId = JobId.safeParse(match?.[1]);
  if (!jobId.success) return undefined;
  if (match?.[2] === undefined) return { kind: 'status', jobId: jobId.data };
  const name = ArtifactName.safeParse(match[2]);
  return name.success ? { kind: 'artifact', jobId: jobId.data, name: name.data } : undefined;
}
