import { err, ok } from '../base/result.ts';
import type { Command } from './context.ts';
import { fromRelay } from './failure.ts';
import { withJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { deliveryText } from './text.ts';

export const cancel: Command = {
  name: 'cancel',
  usage: 'cancel JOB [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return withJob(context, values, positionals[0] ?? '', 'look', async ({ relay }, jobId) => {
      const done = await relay.cancel({ jobId, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      if (!done.value.ok) return err({ code: 1, message: `Job ${jobId} had ended before: ${done.value.state}.` });
      context.print(values.json === true ? `${JSON.stringify(done.value)}\n` : `${jobId}  ${done.value.state}\n`);
      return ok(0);
    });
  },
};

export const retry: Command = {
  name: 'retry',
  usage: 'retry JOB [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return withJob(context, values, positionals[0] ?? '', 'background', async ({ relay }, jobId) => {
      const done = await relay.retry({ jobId, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      context.print(
        values.json === true ? `${JSON.stringify(done.value)}\n` : `${done.value.jobId}  ${done.value.state}\n`,
      );
      return ok(0);
    });
  },
};

export const apply: Command = {
  name: 'apply',
  usage: 'apply JOB [--check] [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, { check: { type: 'boolean' } }, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return withJob(context, values, positionals[0] ?? '', 'look', async ({ relay }, jobId) => {
      const done = await relay.apply({ jobId, origin: 'cli', dryRun: values.check === true });
      if (!done.ok) return err(fromRelay(done.error));
      context.print(values.json === true ? `${JSON.stringify(done.value)}\n` : deliveryText(done.value));
      if (!done.value.written) return ok(done.value.files.every((file) => file.verdict === 'clean') ? 0 : 1);
      if (values.json !== true) context.print(`Applied. To take it back: task-relay undo ${jobId}\n`);
      return ok(0);
    });
  },
};

export const undo: Command = {
  name: 'undo',
  usage: 'undo JOB [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return withJob(context, values, positionals[0] ?? '', 'look', async ({ relay }, jobId) => {
      const done = await relay.undo({ jobId, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      context.print(
        values.json === true
          ? `${JSON.stringify(done.value)}\n`
          : `Undone: ${String(done.value.files.length)} files are as before.\n`,
      );
      return ok(0);
    });
  },
};
