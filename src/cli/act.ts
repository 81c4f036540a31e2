import { err, ok, type Result } from '../base/result.ts';
import type { DeliveryReport } from '../protocol/jobView.ts';
import type { Command } from './context.ts';
import { fromRelay, type CliFailure } from './failure.ts';
import { changeJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { deliveryText, jsonLine } from './text.ts';

export const cancel: Command = {
  name: 'cancel',
  usage: 'cancel JOB [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return changeJob(context, values, positionals[0] ?? '', 'look', async (relay, jobId, print) => {
      const done = await relay.cancel({ jobId, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      if (!done.value.ok) return err({ code: 1, message: `Job ${jobId} had ended before: ${done.value.state}.` });
      print(values.json === true ? jsonLine(done.value) : `${jobId}  ${done.value.state}\n`);
      return ok(0);
    });
  },
};

export const retry = again('retry');
export const rebase = again('rebase');

/** Runs an ended job's task once more, as a new job. */
function again(name: 'retry' | 'rebase'): Command {
  return {
    name,
    usage: `${name} JOB [--repo DIR]`,
    async run(context) {
      const parsed = parseOptions(context, {}, ['a job id']);
      if (!parsed.ok) return parsed;
      const { values, positionals } = parsed.value;
      return changeJob(context, values, positionals[0] ?? '', 'background', async (relay, jobId, print) => {
        const done = await relay[name]({ jobId, origin: 'cli' });
        if (!done.ok) return err(fromRelay(done.error));
        print(values.json === true ? jsonLine(done.value) : `${done.value.jobId}  ${done.value.state}\n`);
        return ok(0);
      });
    },
  };
}

export const apply: Command = {
  name: 'apply',
  usage: 'apply JOB [--check] [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, { check: { type: 'boolean' } }, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return changeJob(context, values, positionals[0] ?? '', 'look', async (relay, jobId, print) => {
      const done = await relay.apply({ jobId, origin: 'cli', dryRun: values.check === true });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : deliveryText(done.value));
      if (!done.value.written) return ready(done.value);
      if (values.json !== true) print(`Applied. To take it back: task-relay undo ${jobId}\n`);
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
    return changeJob(context, values, positionals[0] ?? '', 'look', async (relay, jobId, print) => {
      const done = await relay.undo({ jobId, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      print(
        values.json === true
          ? jsonLine(done.value)
          : `Undone: ${String(done.value.files.length)} files are as before.\n`,
      );
      return ok(0);
    });
  },
};

/** What a look before an apply comes to. */
function ready({ files }: DeliveryReport): Result<0, CliFailure> {
  const inTheWay = files.filter((file) => file.verdict !== 'clean').length;
  if (inTheWay === 0) return ok(0);
  const count = `${String(inTheWay)} of ${String(files.length)} files`;
  return err({ code: 1, message: `The patch cannot be applied: ${count} stand in the way. Clear them, then apply.` });
}
