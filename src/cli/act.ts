import { err, ok } from '../base/result.ts';
import type { Command } from './context.ts';
import { fromRelay } from './failure.ts';
import { changeJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { jsonLine } from './text.ts';

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
