import { formsOf, Redactor } from './redactor.ts';
import type { SecretMatch, SecretRule } from './secretRule.ts';

/** The value of a variable that was let through to executors: a secret, whatever its form. */
export interface GivenSecret {
  readonly name: string;
  readonly value: string;
}

/** Finds the values wherever they stand, also JSON-escaped, percent-encoded or in base 64. */
export function givenSecrets(given: readonly GivenSecret[]): readonly SecretRule[] {
  return given.map(({ name, value }) => {
    const forms = [...new Set(formsOf(Buffer.from(value)))];
    return (text) => forms.flatMap((form) => places(text, form, `value of ${name}`));
  });
}

/** Takes these out, and looks for nothing else: for what is told before there is a log to look at. */
export function withoutGiven(given: readonly GivenSecret[]): Redactor {
  return new Redactor(
    given.map(({ name, value }) => ({ rule: `value of ${name}`, secret: value, source: '', isGiven: true })),
  );
}

function places(text: string, secret: string, rule: string): readonly SecretMatch[] {
  const found: SecretMatch[] = [];
  for (let start = text.indexOf(secret); start >= 0; start = text.indexOf(secret, start + secret.length))
    found.push({ rule, start, secret, isGiven: true });
  return found;
}
