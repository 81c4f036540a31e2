import { isUtf8 } from 'node:buffer';
import type {
  ListResourcesResult,
  ListResourceTemplatesResult,
  ReadResourceResult,
  Resource,
} from '@modelcontextprotocol/sdk/types.js';
import type { ArtifactName } from '../domain/artifact.ts';
import type { JobId } from '../domain/ids.ts';
import { isTerminalState } from '../domain/jobState.ts';
import { LARGEST_SLICE } from '../protocol/calls.ts';
import type { ArtifactView, JobSummary } from '../protocol/jobView.ts';
import type { Relay } from '../protocol/relay.ts';
import type { RelayError } from '../protocol/relayError.ts';
import {
  ARTIFACT_TEMPLATE,
  artifactUri,
  parseResourceUri,
  STATUS_TEMPLATE,
  statusUri,
} from '../protocol/resourceUri.ts';
import { INTERNAL, INVALID_PARAMS, RpcError, UNKNOWN_RESOURCE } from './rpcError.ts';

/** The newest jobs that resources/list tells of; jobs_list has them all. */
const LISTED_JOBS = 100;
/** The largest artifact that is read as one resource, in bytes; jobs_artifact reads any, in parts. */
const LARGEST_RESOURCE = 4 * 1024 * 1024;

const JSON_TYPE = 'application/json';

const mimeTypes: Readonly<Record<ArtifactName, string>> = {
  'patch.diff': 'text/x-diff',
  'out.md': 'text/markdown',
  'logs.txt': 'text/plain',
  'pr.json': JSON_TYPE,
  'certificate.json': JSON_TYPE,
  'stream.jsonl': 'application/jsonl',
};

export const templates: ListResourceTemplatesResult = {
  resourceTemplates: [
    {
      name: 'status',
      title: 'Status of a job',
      uriTemplate: STATUS_TEMPLATE,
      description: 'What jobs_get gives, as JSON. Subscribe to hear of each change.',
      mimeType: JSON_TYPE,
    },
    {
      name: 'artifact',
      title: 'Artifact of a job',
      uriTemplate: ARTIFACT_TEMPLATE,
      description: `What a job left: ${Object.keys(mimeTypes).join(', ')}.`,
    },
  ],
};

/** The newest jobs' status, and the artifacts of those that have ended. */
export async function listResources(relay: Relay): Promise<ListResourcesResult> {
  const page = await relay.list({ limit: LISTED_JOBS, offset: 0 });
  if (!page.ok) throw rpcError(page.error);
  const lists = await Promise.all(page.value.items.map((job) => resourcesOf(relay, job)));
  return { resources: lists.flat() };
}

/** Reads `uri`, or throws the RpcError that says why not. */
export async function readResource(relay: Relay, uri: string): Promise<ReadResourceResult> {
  const name = parseResourceUri(uri);
  if (name === undefined) throw unknownResource(uri);
  if (name.kind === 'artifact') return readArtifact(relay, uri, name.jobId, name.name);
  const job = await relay.get({ jobId: name.jobId });
  if (!job.ok) throw rpcError(job.error);
  return { contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(job.value) }] };
}

/** Throws the RpcError that says why `uri` can not be watched; an artifact that is still to come can. */
export async function requireWatchable(relay: Relay, uri: string): Promise<void> {
  const name = parseResourceUri(uri);
  if (name === undefined) throw unknownResource(uri);
  const job = await relay.get({ jobId: name.jobId });
  if (!job.ok) throw rpcError(job.error);
}

async function resourcesOf(relay: Relay, job: JobSummary): Promise<readonly Resource[]> {
  const status: Resource = {
    uri: statusUri(job.jobId),
    name: `${job.jobId}/status`,
    title: `${job.title} (${job.state})`,
    mimeType: JSON_TYPE,
  };
  if (!isTerminalState(job.state)) return [status];
  const whole = await relay.get({ jobId: job.jobId });
  // A job that can not be read now is still listed; reading its status says why.
  const artifacts = whole.ok ? whole.value.artifacts : [];
  return [status, ...artifacts.map((artifact) => artifactResource(job, artifact))];
}

function artifactResource(job: JobSummary, { name, bytes }: ArtifactView): Resource {
  return {
    uri: artifactUri(job.jobId, name),
    name: `${job.jobId}/${name}`,
    title: `${name} of ${job.title}`,
    mimeType: mimeTypes[name],
    size: bytes,
  };
}

async function readArtifact(relay: Relay, uri: string, jobId: JobId, name: ArtifactName): Promise<ReadResourceResult> {
  const parts: Buffer[] = [];
  for (let offset = 0, total = 1; offset < total;) {
    const slice = await relay.artifact({ jobId, name, offset, maxBytes: LARGEST_SLICE });
    if (!slice.ok) throw rpcError(slice.error);
    total = slice.value.totalBytes;
    if (total > LARGEST_RESOURCE)
      throw new RpcError(INVALID_PARAMS, `${uri} has ${total} bytes: read it in parts with the tool jobs_artifact`);
    const part = Buffer.from(slice.value.base64, 'base64');
    if (part.length === 0) break;
    parts.push(part);
    offset += part.length;
  }
  const bytes = Buffer.concat(parts);
  const mimeType = mimeTypes[name];
  // A patch may carry lines in another encoding: then its bytes go as they are.
  const content = isUtf8(bytes) ? { text: bytes.toString('utf8') } : { blob: bytes.toString('base64') };
  return { contents: [{ uri, mimeType, ...content }] };
}

function unknownResource(uri: string): RpcError {
  return new RpcError(
    UNKNOWN_RESOURCE,
    `there is no resource ${uri}: resources are ${STATUS_TEMPLATE} and ${ARTIFACT_TEMPLATE}`,
  );
}

function rpcError(error: RelayError): RpcError {
  return new RpcError(error.kind === 'notFound' ? UNKNOWN_RESOURCE : INTERNAL, error.message);
}
