import { changeNotes, shownChanges, type ShownChange } from '../domain/shownChange.ts';
import { usageLine } from '../domain/usageText.ts';
import type { JobSummary, JobView, DeliveryReport } from '../protocol/jobView.ts';
import { driftText } from './driftText.ts';

/** Those that a terminal obeys, but for tab and newline: C0, C1, and what turns the direction of a text. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Others' texts for people: control characters are shown, not obeyed. */
export function plain(text: string): string {
  return text.replace(CONTROLS, '\ufffd');
}

/** An object as one line of JSON, which a terminal may show as well. */
export function jsonLine(value: unknown): string {
  const escaped = (control: string): string => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(value).replace(CONTROLS, escaped)}\n`;
}

export function jobLine(job: JobSummary, now: number): string {
  const why = job.reasonCode === undefined ? '' : ` (${job.reasonCode})`;
  const took = job.durationMs === undefined ? '' : `, ${duration(job.durationMs)}`;
  // What is clean needs no word.
  const drift = job.drift === undefined || job.drift.state === 'clean' ? '' : `, ${driftText(job.drift)}`;
  return `${job.jobId}  ${`${job.state}${why}`.padEnd(24)} ${plain(oneLine(job.title))}  [${job.executor}${took}, ${duration(now - job.createdAt)} ago${drift}]`;
}

export function jobText(job: JobView): string {
  const lines = [
    `${job.jobId}  ${job.state}${job.reasonCode === undefined ? '' : ` (${job.reasonCode})`}`,
    `  title     ${plain(oneLine(job.title))}`,
    `  executor  ${job.executor}, attempt ${String(job.attempt)}, ${job.priority}`,
    `  baseline  ${job.baseline}${job.graft === undefined ? '' : `, made on ${job.graft.on}`}`,
    `  created   ${new Date(job.createdAt).toISOString()}${job.durationMs === undefined ? '' : `, ran ${duration(job.durationMs)}`}`,
  ];
  if (job.parent !== undefined) lines.push(`  parent    ${job.parent}${relationText(job.relation)}`);
  if (job.message !== undefined) lines.push(`  why       ${plain(oneLine(job.message))}`);
  if (job.summary !== undefined) lines.push(`  summary   ${plain(oneLine(job.summary))}`);
  const cost = job.usage === undefined ? undefined : usageLine(job.usage);
  if (cost !== undefined) lines.push(`  usage     ${cost}`);
  if (job.delivery !== undefined && job.delivery !== 'none')
    lines.push(`  delivery  ${job.delivery}${job.partial === true ? ' in part' : ''}`);
  if (job.branch !== undefined) lines.push(`  branch    ${plain(job.branch)}`);
  if (job.published !== undefined) {
    const { remote, commit, url } = job.published;
    lines.push(`  pushed    ${commit.slice(0, 12)} to ${plain(remote)}${url === undefined ? '' : `, ${plain(url)}`}`);
  }
  if (job.drift !== undefined) {
    const where =
      job.drift.paths.length === 0 ? '' : `: ${job.drift.paths.map((path) => plain(oneLine(path))).join(', ')}`;
    lines.push(`  drift     ${driftText(job.drift)}${where}`);
  }
  if (job.fileCount > 0) {
    lines.push(`  files     ${String(job.fileCount)}`);
    lines.push(...shownChanges(job.files).map(changeText));
  }
  if (job.checks.length > 0) lines.push('  checks');
  for (const check of job.checks) {
    const label = check.label === undefined ? '' : `${check.label}: `;
    lines.push(
      `    ${check.verdict.padEnd(5)} ${plain(oneLine(check.name)).padEnd(10)} ${label}${plain(oneLine(check.detail?.split('\n')[0] ?? ''))}`,
    );
  }
  if (job.artifacts.length > 0) lines.push('  artifacts');
  for (const artifact of job.artifacts) lines.push(`    ${artifact.name.padEnd(10)} ${String(artifact.bytes)} bytes`);
  return `${lines.join('\n')}\n`;
}

function relationText(relation: JobView['relation']): string {
  switch (relation) {
    case 'retry':
      return ', whose task this is once more';
    case 'rebase':
      return ', whose task this is on a newer HEAD';
    case 'followUp':
      return ', whose result this goes on from';
    case undefined:
      return '';
  }
}

function changeText(change: ShownChange): string {
  const path = change.from === undefined ? change.path : `${change.from} → ${change.path}`;
  const notes = changeNotes(change);
  const beside = notes.length === 0 ? '' : `  (${notes.join(', ')})`;
  return `    ${change.kind.padEnd(9)} ${plain(oneLine(path))}${beside}`;
}

export function deliveryText(report: DeliveryReport): string {
  const width = Math.max(8, ...report.files.map(({ verdict }) => verdict.length));
  return report.files
    .map(
      (file) =>
        `${file.verdict.padEnd(width)} ${plain(oneLine(file.path))}${file.detail === undefined ? '' : `: ${plain(oneLine(file.detail))}`}\n`,
    )
    .join('');
}

function duration(ms: number): string {
  if (ms < 1000) return `${String(Math.max(0, Math.round(ms)))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min`;
  if (seconds < 86_400) return `${String(Math.floor(seconds / 3600))} h`;
  return `${String(Math.floor(seconds / 86_400))} d`;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
