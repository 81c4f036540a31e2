import { code } from '../base/markdown.ts';

/** A name on one line: a path may have any character in it. */
export function named(text: string): string {
  return code(text.replace(/[\r\u2028\u2029]/g, '␍'));
}
