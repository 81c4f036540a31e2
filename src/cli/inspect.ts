import { err, ok } from '../base/result.ts';
import { ArtifactName } from '../domain/artifact.ts';
import { JobState } from '../domain/job.ts';
import { LARGEST_SLICE } from '../protocol/calls.ts';
import type { Command } from './context.ts';
import { badInput, fromRelay } from './failure.ts';
import { withJob, withRelay } from './jobArgument.ts';
import { parseOptions, wholeNumber } from './options.ts';
import { jobLine, jobText } from './text.ts';

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
    return withRelay(context, values, 'look', async ({ relay }) => {
      const page = await relay.list({ state: state.data, limit: limit.value ?? 20, offset: offset.value ?? 0 });
      if (!page.ok) return err(fromRelay(page.error));
      const { items, total } = page.value;
      if (values.json === true) {
        context.print(`${JSON.stringify(page.value)}\n`);
        return ok(0);
      }
      for (const job of items) context.print(`${jobLine(job, context.clock.now())}\n`);
      const more = total > items.length ? ` of ${String(total)}: --offset and --limit show others` : '';
      context.print(
        total === 0
          ? 'No jobs yet. Submit one: task-relay submit --title … --run …\n'
          : `${String(items.length)} jobs${more}\n`,
      );
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
    return withJob(context, values, positionals[0] ?? '', 'look', async ({ relay }, jobId) => {
      const job = await relay.get({ jobId });
      if (!job.ok) return err(fromRelay(job.error));
      context.print(values.json === true ? `${JSON.stringify(job.value)}\n` : jobText(job.value));
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
    return withJob(context, values, positionals[0] ?? '', 'look', async ({ relay }, jobId) => {
      for (let offset = 0; ;) {
        const slice = await relay.artifact({ jobId, name: name.data, offset, maxBytes: LARGEST_SLICE });
        if (!slice.ok) return err(fromRelay(slice.error));
        const bytes = Buffer.from(slice.value.base64, 'base64');
        context.print(bytes);
        offset += bytes.byteLength;
        if (bytes.byteLength === 0 || offset >= slice.value.totalBytes) return ok(0);
      }
    });
  },
};

export const logs: Command = {
  name: 'logs',
  usage: 'logs JOB [--follow] [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, { follow: { type: 'boolean' } }, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return withJob(context, values, positionals[0] ?? '', 'look', async ({ relay, lost }, jobId) => {
      let wake: () => void = () => undefined;
      let changed = new Promise<void>((resolve) => (wake = resolve));
      const subscription = relay.onChange((change) => {
        if (change.jobId === jobId) wake();
      });
      try {
        for (let offset = 0; ;) {
          const slice = await relay.log({ jobId, offset, maxBytes: LARGEST_SLICE });
          if (!slice.ok) return err(fromRelay(slice.error));
          const bytes = Buffer.from(slice.value.base64, 'base64');
          context.print(bytes);
          offset += bytes.byteLength;
          if (offset < slice.value.totalBytes) continue;
          if (slice.value.ended || values.follow !== true) return ok(0);
          const next = await Promise.race([
            changed,
            lost.then(() => 'lost' as const),
            context.interrupted.then(() => 'stop' as const),
          ]);
          if (next === 'stop') return ok(0);
          if (next === 'lost') return err({ code: 3, message: 'The host is gone. Run the command again to go on.' });
          changed = new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        subscription.dispose();
      }
    });
  },
};
