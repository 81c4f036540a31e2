/** Others' texts in Markdown, so that they say what they say and shape nothing. */

/** Code, whatever backticks the text has; line ends are shown. */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const padded = text.startsWith('`') || text.endsWith('`') ? ` ${text} ` : text;
  return `${fence}${padded.replace(/\n/g, '␊')}${fence}`;
}

/** On one line. */
export function inline(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

export function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

export function numbered(texts: readonly string[]): string {
  return texts.map((text, index) => `${String(index + 1)}. ${text.trim()}`).join('\n');
}

/** `figuresFrom`: the first column, from 0, whose cells and those after it stand to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  figuresFrom = head.length,
): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, column) => (column < figuresFrom ? ' --- |' : ' ---: |')).join('')}`,
    ...rows.map(line),
  ].join('\n');
}

function cell(text: string): string {
  return inline(text).replace(/\|/g, '\\|');
}
