import { err, ok } from '../base/result.ts';
import { UsageInput, type UsageReport, type UsageTotal } from '../protocol/usage.ts';
import { usageCells, usageHead } from '../protocol/usageCells.ts';
import { wrongInput } from '../protocol/wrongInput.ts';
import type { Command } from './context.ts';
import { badInput, fromRelay } from './failure.ts';
import { look } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { jsonLine, plain } from './text.ts';

export const usage: Command = {
  name: 'usage',
  usage: 'usage [--since YYYY-MM-DD] [--until YYYY-MM-DD] [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, { since: { type: 'string' }, until: { type: 'string' } }, []);
    if (!parsed.ok) return parsed;
    const { values } = parsed.value;
    const input = UsageInput.safeParse({ since: values.since, until: values.until });
    if (!input.success)
      return err(badInput(`--since and --until take a day as YYYY-MM-DD: ${wrongInput(input.error)}`));
    return look(context, values, async (relay, print) => {
      const report = await relay.usage(input.data);
      if (!report.ok) return err(fromRelay(report.error));
      print(values.json === true ? jsonLine(report.value) : usageTable(report.value));
      return ok(0);
    });
  },
};

function usageTable({ rows, total }: UsageReport): string {
  if (rows.length === 0) return 'No attempt has ended in this time.\n';
  const line = (first: string, second: string, row: UsageTotal): readonly string[] => [
    first,
    second,
    ...usageCells(row),
  ];
  const lines = [usageHead, ...rows.map((row) => line(row.day, plain(row.executor), row)), line('total', '', total)];
  const widths = usageHead.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) => `${aligned(cells, widths)}\n`).join('');
}

/** Names to the left, figures to the right. */
function aligned(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
    .join('  ');
}
