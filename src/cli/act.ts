import { err, ok, type Result } from '../base/result.ts';
import type { DeliveryReport } from '../protocol/jobView.ts';
import type { Command } from './context.ts';
import { badInput, fromRelay, type CliFailure } from './failure.ts';
import { changeJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { deliveryText, jsonLine, plain } from './text.ts';

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

export const retry: Command = {
  name: 'retry',
  usage: 'retry JOB [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return changeJob(context, values, positionals[0] ?? '', 'background', async (relay, jobId, print) => {
      const done = await relay.retry({ jobId, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : `${done.value.jobId}  ${done.value.state}\n`);
      return ok(0);
    });
  },
};

export const apply: Command = {
  name: 'apply',
  usage: 'apply JOB [--branch [--from-head]] [--check] [--repo DIR]',
  async run(context) {
    const options = {
      check: { type: 'boolean' },
      branch: { type: 'boolean' },
      'from-head': { type: 'boolean' },
    } as const;
    const parsed = parseOptions(context, options, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    if (values['from-head'] === true && values.branch !== true)
      return err(badInput('--from-head is for --branch: give both.'));
    const from = values['from-head'] === true ? 'head' : 'baseline';
    const branch = values.branch === true ? { branch: { from } as const } : {};
    return changeJob(context, values, positionals[0] ?? '', 'look', async (relay, jobId, print) => {
      const done = await relay.apply({ jobId, origin: 'cli', dryRun: values.check === true, ...branch });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : deliveryText(done.value));
      if (!done.value.written) return ready(done.value);
      const where = done.value.branch === undefined ? 'Applied.' : `Committed on the branch ${done.value.branch.name}.`;
      if (values.json !== true) print(`${plain(where)} To take it back: task-relay undo ${jobId}\n`);
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
      print(values.json === true ? jsonLine(done.value) : undoneText(done.value));
      return ok(0);
    });
  },
};

function undoneText({ files, branch, message, written }: DeliveryReport): string {
  if (branch === undefined) return `Undone: ${String(files.length)} files are as before.\n`;
  const what = written ? `the branch ${branch.name} is deleted` : `the branch ${branch.name} was deleted before`;
  return plain(`Undone: ${what}.${message === undefined ? '' : ` ${message}`}\n`);
}

/** What a look before an apply comes to. */
function ready({ files }: DeliveryReport): Result<0, CliFailure> {
  const inTheWay = files.filter((file) => file.verdict !== 'clean').length;
  if (inTheWay === 0) return ok(0);
  const count = `${String(inTheWay)} of ${String(files.length)} files`;
  return err({ code: 1, message: `The patch cannot be applied: ${count} stand in the way. Clear them, then apply.` });
}
