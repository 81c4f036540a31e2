import { looksReal } from './placeholder.ts';
import type { SecretMatch, SecretRule } from './secretRule.ts';

/**
 * What the library does not find. Each has its name for people and where its format is written; the first group, where there
 * is one, is the secret.
 */
export interface SecretPattern {
  readonly name: string;
  readonly source: string;
  readonly pattern: RegExp;
  /** What a text has that can match, where that is much sooner told. */
  readonly hint?: RegExp;
  /** Beyond the pattern; where it is left out, whatever is no placeholder. */
  readonly accept?: (secret: string, whole: string) => boolean;
}

export function patternRule({ name, pattern, hint, accept = looksReal }: SecretPattern): SecretRule {
  return (text) => {
    if (hint?.test(text) === false) return [];
    const found: SecretMatch[] = [];
    for (const match of text.matchAll(pattern)) {
      const whole = match[0];
      const secret = match[1] ?? whole;
      if (!accept(secret, whole)) continue;
      found.push({ rule: name, start: match.index + whole.lastIndexOf(secret), secret });
    }
    return found;
  };
}
