import { err, ok } from '../base/result.ts';
import type { JobView } from '../protocol/jobView.ts';
import type { Command } from './context.ts';
import { badInput, fromRelay } from './failure.ts';
import { changeJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { jsonLine, plain } from './text.ts';

export const answer: Command = {
  name: 'answer',
  usage: 'answer JOB [ANSWER] [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id'], ['an answer']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const [job = '', given] = positionals;
    return changeJob(context, values, job, 'look', async (relay, jobId, print) => {
      const view = await relay.get({ jobId });
      if (!view.ok) return err(fromRelay(view.error));
      const { question, state } = view.value;
      if (question === undefined) return err(badInput(`Job ${jobId} is ${state} and asks nothing.`));
      if (given === undefined) {
        print(values.json === true ? jsonLine(question) : questionText(question));
        return ok(0);
      }
      const done = await relay.answer({ jobId, askId: question.askId, answer: given, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : `${jobId}  ${done.value.state}\n`);
      return ok(0);
    });
  },
};

function questionText({ text, choices, fallback, deadline }: NonNullable<JobView['question']>): string {
  const may = choices.length === 0 ? 'any text' : choices.join(' | ');
  const unanswered = fallback ?? choices.at(-1) ?? '';
  const lines = [text, '', `answer: ${may}`, `without one, at ${new Date(deadline).toISOString()}: ${unanswered}`];
  return `${plain(lines.join('\n'))}\n`;
}
