import * as z from 'zod';
import { ok, type Result } from '../base/result.ts';
import { ArtifactName } from '../domain/artifact.ts';
import { JobId } from '../domain/ids.ts';
import { LARGEST_SLICE } from '../protocol/calls.ts';
import type { Slice } from '../protocol/jobView.ts';
import type { Relay } from '../protocol/relay.ts';
import type { RelayError } from '../protocol/relayError.ts';
import { readsOnly } from './readTools.ts';
import { tool } from './tool.ts';
import { cutAt, LONGEST_CHARACTER } from './utf8.ts';

/** What a check printed, by the check's name. */
const CheckOutputName = z
  .string()
  .regex(
    /^checks\/[^]+\.txt$/,
    `must be one of ${ArtifactName.options.join(', ')}, or checks/NAME.txt with a check's name`,
  );

const DEFAULT_BYTES = 64 * 1024;

export const artifactTool = tool({
  name: 'jobs_artifact',
  title: 'Read an artifact of a job',
  description: [
    'The text of one artifact of a job: patch.diff (the proven patch), out.md (what was asked, what changed, the checks), logs.txt (what ran and what it printed), pr.json (title, body and branch for a pull request), checks/NAME.txt (all that the runs of the check NAME printed, on the result and on the baseline). jobs_get lists which ones a job has; most jobs have them once they have ended.',
    'Answers at once with {text, nextOffset?, totalBytes}: at most maxBytes from offset, both in bytes of UTF-8, cut between characters. When nextOffset is there, more follows: call again with it as offset.',
  ].join('\n'),
  input: z.strictObject({
    jobId: JobId,
    name: z.union([ArtifactName, CheckOutputName]),
    offset: z.int().min(0).default(0).describe('the byte to begin at: 0, or a nextOffset'),
    maxBytes: z.int().min(1).max(LARGEST_SLICE).default(DEFAULT_BYTES),
  }),
  output: z.strictObject({
    text: z.string(),
    nextOffset: z.int().optional().describe('where to go on; absent at the end'),
    totalBytes: z.int(),
  }),
  annotations: readsOnly,
  run: async ({ relay }, { jobId, name, offset, maxBytes }) => {
    const asked = Math.max(maxBytes, LONGEST_CHARACTER);
    const slice = await readNamed(relay, jobId, name, { offset, maxBytes: asked });
    if (!slice.ok) return slice;
    const bytes = Buffer.from(slice.value.base64, 'base64');
    const { totalBytes } = slice.value;
    const end = cutAt(bytes, maxBytes, offset + bytes.length >= totalBytes);
    const next = offset + end;
    return ok({
      text: bytes.subarray(0, end).toString('utf8'),
      ...(end > 0 && next < totalBytes ? { nextOffset: next } : {}),
      totalBytes,
    });
  },
});

function readNamed(
  relay: Relay,
  jobId: JobId,
  name: string,
  slice: { readonly offset: number; readonly maxBytes: number },
): Promise<Result<Slice, RelayError>> {
  const artifact = ArtifactName.safeParse(name);
  if (artifact.success) return relay.artifact({ jobId, name: artifact.data, ...slice });
  return relay.checkOutput({ jobId, check: name.slice('checks/'.length, -'.txt'.length), ...slice });
}
