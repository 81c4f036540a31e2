import { err, ok, type Result } from '../base/result.ts';
import type { ArtifactName } from '../domain/artifact.ts';
import { Certificate } from '../domain/certificate.ts';
import { formatCassette } from '../domain/cassette.ts';
import type { JobId } from '../domain/ids.ts';
import { LARGEST_SLICE } from './calls.ts';
import type { JobView } from './jobView.ts';
import type { Relay } from './relay.ts';
import { relayError, type RelayError } from './relayError.ts';

type Answer<T> = Promise<Result<T, RelayError>>;

/** A job's executor as a cassette: what its program said, and the patch that came of it. */
export async function recordingOf(relay: Relay, jobId: JobId): Answer<string> {
  const job = await relay.get({ jobId });
  if (!job.ok) return job;
  if (!['SUCCEEDED', 'FAILED'].includes(job.value.state))
    return err(
      relayError('illegal', `Job ${jobId} is ${job.value.state}: only a job that ran to its end is recorded.`),
    );
  if (job.value.secrets !== undefined)
    return err(relayError('refused', `Job ${jobId} has made secrets: a recording would not be what it made.`));
  const stream = await read(relay, job.value, 'stream.jsonl');
  const patch = await read(relay, job.value, 'patch.diff');
  if (!stream.ok) return stream;
  if (!patch.ok) return patch;
  const mode = await modeOf(relay, jobId);
  const version = await versionOf(relay, job.value);
  const { executor, title, summary, usage } = job.value;
  return ok(
    formatCassette(
      {
        cassette: 1,
        executor,
        scenario: title,
        ...(version === undefined ? {} : { version }),
        ...(mode === undefined ? {} : { mode }),
      },
      stream.value.toString('utf8'),
      {
        ...(patch.value.length === 0 ? {} : { patch: patch.value.toString('base64') }),
        ...(summary === undefined ? {} : { summary }),
        ...(usage === undefined ? {} : { usage }),
      },
    ),
  );
}

async function modeOf(relay: Relay, jobId: JobId): Promise<'read-only' | 'workspace-write' | undefined> {
  const events = await relay.events({ jobId });
  const submitted = events.ok ? events.value.entries.find(({ event }) => event.type === 'submitted')?.event : undefined;
  return submitted?.type === 'submitted' ? submitted.spec.execution?.sandbox : undefined;
}

async function versionOf(relay: Relay, job: JobView): Promise<string | undefined> {
  const text = await read(relay, job, 'certificate.json');
  if (!text.ok || text.value.length === 0) return undefined;
  const parsed = Certificate.safeParse(JSON.parse(text.value.toString('utf8')));
  return parsed.success ? parsed.data.predicate.executor.version : undefined;
}

/** A whole artifact; nothing where the job has none of that name. */
async function read(relay: Relay, { jobId, artifacts }: JobView, name: ArtifactName): Answer<Buffer> {
  if (!artifacts.some((artifact) => artifact.name === name)) return ok(Buffer.alloc(0));
  const parts: Buffer[] = [];
  for (let offset = 0; ;) {
    const slice = await relay.artifact({ jobId, name, offset, maxBytes: LARGEST_SLICE });
    if (!slice.ok) return slice;
    const part = Buffer.from(slice.value.base64, 'base64');
    parts.push(part);
    offset += part.length;
    if (part.length === 0 || offset >= slice.value.totalBytes) return ok(Buffer.concat(parts));
  }
}
