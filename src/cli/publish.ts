import { err, ok } from '../base/result.ts';
import type { Command } from './context.ts';
import { fromRelay } from './failure.ts';
import { changeJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { jsonLine, plain } from './text.ts';

export const publish: Command = {
  name: 'publish',
  usage: 'publish JOB [--no-pull-request] [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, { 'no-pull-request': { type: 'boolean' } }, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const open = values['no-pull-request'] === true ? 'none' : 'gh';
    return changeJob(context, values, positionals[0] ?? '', 'look', async (relay, jobId, print) => {
      const done = await relay.publish({ jobId, origin: 'cli', open });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : `${plain(done.value.message)}\n`);
      return ok(0);
    });
  },
};
