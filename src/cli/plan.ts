import { err, ok } from '../base/result.ts';
import type { ApplyOrder } from '../protocol/drift.ts';
import type { JobId } from '../domain/ids.ts';
import type { Command } from './context.ts';
import { driftText } from './driftText.ts';
import { fromRelay } from './failure.ts';
import { jobNamed, look } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { jsonLine, plain } from './text.ts';

/** As many words as there may be jobs. */
const MORE = Array.from({ length: 50 }, () => 'a job id');

export const plan: Command = {
  name: 'plan',
  usage: 'plan [JOB…] [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, {}, [], MORE);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return look(context, values, async (relay, print, workspace) => {
      const jobIds: JobId[] = [];
      for (const text of positionals) {
        const jobId = await jobNamed(relay, text);
        if (!jobId.ok) return jobId;
        jobIds.push(jobId.value);
      }
      const planned = await relay.plan(jobIds.length === 0 ? { workspace } : { jobIds });
      if (!planned.ok) return err(fromRelay(planned.error));
      print(values.json === true ? jsonLine(planned.value) : planText(planned.value));
      return ok(0);
    });
  },
};

function planText(made: ApplyOrder): string {
  const { head, jobs, conflicts, order, left, isBest, omitted } = made;
  if (jobs.length === 0 && left.length === 0) return 'No proven patch waits to be applied.\n';
  const byId = new Map(jobs.map((job) => [job.jobId, job]));
  const title = (jobId: JobId): string => plain(byId.get(jobId)?.title.replace(/\s*\n\s*/g, ' ') ?? '');
  const lines = [
    `${String(order.length)} of ${String(order.length + left.length)} patches apply in this order onto ${head}:`,
  ];
  for (const [at, jobId] of order.entries()) {
    const drift = byId.get(jobId)?.drift;
    lines.push(
      `${String(at + 1).padStart(3)}. ${jobId}  ${title(jobId)}${drift === undefined ? '' : `  [${driftText(drift)}]`}`,
    );
  }
  if (order.length > 1)
    lines.push('Where two of them touch the same file, commit the first before you apply the second.');
  if (!isBest) lines.push('Too many patches meet each other to try every order: another may apply more of them.');
  if (conflicts.length > 0) lines.push('These do not fit together:');
  for (const {
    jobs: [one, other],
    paths,
  } of conflicts)
    lines.push(`     ${one} and ${other}: ${named(paths)}`);
  if (left.length > 0) lines.push('These are left:');
  for (const { jobId, paths, because } of left)
    lines.push(`     ${jobId}  ${title(jobId)}: ${plain(because)}${paths.length === 0 ? '' : ` (${named(paths)})`}`);
  if (omitted > 0) lines.push(`${String(omitted)} older patches were not looked at: name those that you mean.`);
  return `${lines.join('\n')}\n`;
}

function named(paths: readonly string[]): string {
  return paths.map((path) => plain(path.replaceAll('\n', ' '))).join(', ');
}
