import { bullets, code, inline, table } from '../base/markdown.ts';
import type { Check, FileChange, Usage } from '../domain/artifact.ts';
import type { Report } from '../domain/executor.ts';
import type { Failure } from '../domain/failure.ts';
import type { RunningJob } from '../domain/job.ts';
import { changeNotes, shownChanges, type ShownChange } from '../domain/shownChange.ts';
import { usageLine } from '../domain/usageText.ts';

export interface Documented {
  readonly job: RunningJob;
  readonly report?: Report;
  /** What the attempt used, as its executor told it. */
  readonly usage: Usage;
  readonly files: readonly FileChange[];
  readonly fileCount: number;
  readonly checks: readonly Check[];
  readonly failure?: Failure;
}

/** out.md: what was asked, what changed by file, the checks, and what the executor says. */
export function outMarkdown({ job, report, usage, files, fileCount, checks, failure }: Documented): string {
  const { task } = job.spec;
  const parts: string[] = [`# ${inline(task.title)}`];
  if (failure !== undefined) parts.push(`**${failure.code}**: ${inline(failure.message)}`);
  if (task.description !== undefined && task.description !== '') parts.push('## Asked', task.description);
  if (task.acceptance !== undefined) parts.push('## Acceptance', bullets(task.acceptance.map(inline)));
  const rows = shownChanges(files);
  parts.push(`## Changed (${String(fileCount - files.length + rows.length)})`);
  parts.push(fileCount === 0 ? 'Nothing.' : bullets(rows.map(changeLine)));
  if (fileCount > files.length) parts.push(`… and ${String(fileCount - files.length)} more: see patch.diff.`);
  if (report?.summary !== undefined) parts.push('## Summary', report.summary);
  if (report?.testPlan !== undefined) parts.push('## Test plan', report.testPlan);
  if (report?.notes !== undefined) parts.push('## Notes', report.notes);
  if (checks.length > 0) {
    const rows = checks.map(({ name, verdict, label = '', detail }) => [name, verdict, label, firstLine(detail)]);
    parts.push('## Checks', table(['check', 'verdict', 'label', 'detail'], rows));
  }
  const cost = usageLine(usage);
  if (cost !== undefined) parts.push(`The executor used ${cost}.`);
  const made = job.graft === undefined ? '' : ` (no commit of the repository: made on ${code(job.graft.on)})`;
  parts.push(`Baseline ${code(job.baseline)}${made}, executor ${code(job.executor)}, attempt ${String(job.attempt)}.`);
  return `${parts.join('\n\n')}\n`;
}

function changeLine(change: ShownChange): string {
  const notes = changeNotes(change);
  const path = change.from === undefined ? code(change.path) : `${code(change.from)} → ${code(change.path)}`;
  return `${change.kind} ${path}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function firstLine(text: string | undefined): string {
  return text?.split('\n')[0] ?? '';
}
