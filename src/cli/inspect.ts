import { err, ok, type Result } from '../base/result.ts';
import { ArtifactName } from '../domain/artifact.ts';
import { JobState } from '../domain/job.ts';
import { LARGEST_SLICE } from '../protocol/calls.ts';
import type { Slice } from '../protocol/jobView.ts';
import type { RelayError } from '../protocol/relayError.ts';
import type { Command, CommandResult } from './context.ts';
import { badInput, fromRelay } from './failure.ts';
import { look, lookAtJob } from './jobArgument.ts';
import { parseOptions, wholeNumber } from './options.ts';
import { jobLine, jobText, jsonLine } from './text.ts';

export const jobs: Command = {
  name: 'jobs',
  usage: 'jobs [--repo DIR] [--state S] [--limit N] [--offset N] [--json]',
  async run(context) {
    const options = { state: { type: 'string' }, limit: { type: 'string' }, offset: { type: 'string' } } as const;
    const parsed = parseOptions(context, options, []);
    if (!parsed.ok) return parsed;
    const { values } = parsed.value;
    const state = JobState.optional().safeParse(values.state?.toUpperCase());
    if (!state.success) return err(badInput(`--state is one of ${JobState.options.join(', ')}.`));
    const limit = wholeNumber('limit', values.limit, 1, 100);
    if (!limit.ok) return limit;
    const offset = wholeNumber('offset', values.offset, 0, Number.MAX_SAFE_INTEGER);
    if (!offset.ok) return offset;
    return look(context, values, async (relay, print) => {
      const page = await relay.list({ state: state.data, limit: limit.value ?? 20, offset: offset.value ?? 0 });
      if (!page.ok) return err(fromRelay(page.error));
      const { items, total } = page.value;
      if (values.json === true) {
        print(jsonLine(page.value));
        return ok(0);
      }
      for (const job of items) print(`${jobLine(job, context.clock.now())}\n`);
      const more = total > items.length ? ` of ${String(total)}: --offset and --limit show others` : '';
      print(total === 0 ? noJobs(state.data) : `${String(items.length)} ${total === 1 ? 'job' : 'jobs'}${more}\n`);
      return ok(0);
    });
  },
};

export const show: Command = {
  name: 'show',
  usage: 'show JOB [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return lookAtJob(context, values, positionals[0] ?? '', async (relay, jobId, print) => {
      const job = await relay.get({ jobId });
      if (!job.ok) return err(fromRelay(job.error));
      print(values.json === true ? jsonLine(job.value) : jobText(job.value));
      return ok(0);
    });
  },
};

export const artifact: Command = {
  name: 'artifact',
  usage: `artifact JOB ${ArtifactName.options.join('|')} [--repo DIR]`,
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id', 'an artifact name']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const name = ArtifactName.safeParse(positionals[1]);
    if (!name.success) return err(badInput(`An artifact is one of ${ArtifactName.options.join(', ')}.`));
    return lookAtJob(context, values, positionals[0] ?? '', async (relay, jobId, print) => {
      return printAll(print, (offset) => relay.artifact({ jobId, name: name.data, offset, maxBytes: LARGEST_SLICE }));
    });
  },
};

export const check: Command = {
  name: 'check',
  usage: 'check JOB NAME [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id', "a check's name"]);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const [job = '', name = ''] = positionals;
    return lookAtJob(context, values, job, async (relay, jobId, print) =>
      printAll(print, (offset) => relay.checkOutput({ jobId, check: name, offset, maxBytes: LARGEST_SLICE })),
    );
  },
};

/** Slice after slice, as bytes. */
async function printAll(
  print: (bytes: Uint8Array) => void,
  read: (offset: number) => Promise<Result<Slice, RelayError>>,
): CommandResult {
  for (let offset = 0; ;) {
    const slice = await read(offset);
    if (!slice.ok) return err(fromRelay(slice.error));
    const bytes = Buffer.from(slice.value.base64, 'base64');
    print(bytes);
    offset += bytes.byteLength;
    if (bytes.byteLength === 0 || offset >= slice.value.totalBytes) return ok(0);
  }
}

function noJobs(state: JobState | undefined): string {
  if (state !== undefined) return `No job is ${state}.\n`;
  return 'No jobs yet. Submit one: task-relay submit --title … --run …\n';
}
