import type { Hunk } from '../git/patch.ts';
import { shown } from '../git/path.ts';

/** A change of white space alone, as `file:line`; the line counts from 1 in the result. */
export type Reformatted = string;

/**
 * The changes in a hunk that change white space and nothing else: what was removed and what was added are equal without it.
 * Blank lines of context part no change, because code that is indented anew has some. What a hunk holds beside may be as it
 * likes: a formatter's work next to a real change is found as well.
 */
export function reformatted({ path, newStart, lines }: Hunk): readonly Reformatted[] {
  const found: Reformatted[] = [];
  let [removed, added, at] = ['', '', 0];
  let line = newStart;
  const end = (): void => {
    if (at > 0 && removed === added) found.push(`${shown(path)}:${String(at)}`);
    [removed, added, at] = ['', '', 0];
  };
  for (const text of lines) {
    const content = text.slice(1).replace(WHITE, '');
    if (text.startsWith('\\')) continue;
    if (text.startsWith('-')) removed += content;
    else if (text.startsWith('+')) added += content;
    else if (content !== '') end();
    if ((text.startsWith('-') || text.startsWith('+')) && at === 0) at = Math.max(1, line);
    if (!text.startsWith('-')) line += 1;
  }
  end();
  return found;
}

/** A character is a byte here: that of a wider space is the content's. */
const WHITE = /[ \t\r\n\v\f]+/g;

/** Only a file that is there before and after can be reformatted. */
export function isReformattable(file: { readonly kind: string; readonly oldMode: string }): boolean {
  return file.kind === 'modified' && file.oldMode !== '120000' && file.oldMode !== '160000';
}
