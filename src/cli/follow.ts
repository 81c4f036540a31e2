import { err, ok } from '../base/result.ts';
import type { Command } from './context.ts';
import { badInput, fromRelay } from './failure.ts';
import { changeJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { specOf, specOptions } from './spec.ts';
import { jsonLine } from './text.ts';

const { title, description, executor, run, model, sandbox, attempts, priority, ttl, timeout } = specOptions;
const { 'budget-usd': usd, 'budget-tokens': tokens } = specOptions;
const options = {
  ...{ title, description, executor, run, model, sandbox, attempts, priority, ttl, timeout },
  'budget-usd': usd,
  'budget-tokens': tokens,
};

export const follow: Command = {
  name: 'follow',
  usage:
    'follow JOB --title T [--description D] [--executor E | --run CMD] [--model M] [--sandbox read-only|workspace-write] [--budget-usd N] [--budget-tokens N] [--attempts N] [--priority P0|P1|P2] [--ttl S] [--timeout S] [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, options, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    if (values.title === undefined) return err(badInput('Give --title: what is to be done on the result of the job.'));
    const spec = await specOf(context, values);
    if (!spec.ok) return spec;
    const { task, execution } = spec.value;
    return changeJob(context, values, positionals[0] ?? '', 'background', async (relay, jobId, print) => {
      const done = await relay.followUp({ jobId, task, execution, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : `${done.value.jobId}  ${done.value.state}\n`);
      return ok(0);
    });
  },
};
