import { inline, table } from '../base/markdown.ts';
import type { UsageReport } from './usage.ts';
import { usageCells, usageHead } from './usageCells.ts';

/** What was used, as a page for people: a section a repository, by its name. */
export function usageMarkdown(
  repositories: readonly { readonly name: string; readonly report: UsageReport }[],
): string {
  const sections = repositories.flatMap(({ name, report }) => [`## ${inline(name)}`, reportTable(report)]);
  return `${['# Usage', 'By the day on which attempts ended, and by executor. What a program does not tell is “–”.', ...sections].join('\n\n')}\n`;
}

function reportTable({ rows, total }: UsageReport): string {
  if (rows.length === 0) return 'No attempt has ended yet.';
  const lines = rows.map((row) => [row.day, row.executor, ...usageCells(row)]);
  return table(usageHead, [...lines, ['total', '', ...usageCells(total)]], 2);
}
