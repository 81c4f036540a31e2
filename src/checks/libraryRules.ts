import type { SecretLintRuleContext, SecretLintRuleCreator, SecretLintSourceCode } from '@secretlint/types';
import { looksReal } from './placeholder.ts';
import type { SecretMatch, SecretRule } from './secretRule.ts';

/**
 * Rules of the library that are not used: one lets comments in the text switch rules off, and what is judged has no say in
 * how; the other opens a file by the path that it is told, and finds nothing that the rule for private keys does not.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  '@secretlint/secretlint-rule-filter-comments',
  '@secretlint/secretlint-rule-gcp',
]);

/** Characters after the beginning of a report in which its secret begins: the library tells where the name before it is. */
const NEAR = 200;

/**
 * The rules of secretlint's recommended preset, driven without its core: that keeps marks of each rule and file for as long
 * as the process lives. Loaded when first asked for, as few programs come to need it.
 */
export async function libraryRules(): Promise<readonly SecretRule[]> {
  const { rules } = await import('@secretlint/secretlint-rule-preset-recommend');
  return rules.filter(({ meta }) => !LEFT_OUT.has(meta.id)).map(ruleOf);
}

function ruleOf(creator: SecretLintRuleCreator): SecretRule {
  let text = '';
  let found: SecretMatch[] = [];
  const context: SecretLintRuleContext = {
    sharedOptions: {},
    createTranslator: (messages) => (id, data) => {
      const key = String(id);
      const hidden = Object.fromEntries(Object.keys(data ?? {}).map((name) => [name, '']));
      return { message: messages[key]?.en(hidden) ?? key, messageId: key, data };
    },
    report: ({ message, range }) => {
      const match = matchOf(text, message.message, message.data, range);
      if (match !== undefined && looksReal(match.secret)) found.push(match);
    },
    ignore: () => undefined,
  };
  const rule = creator.create(context, {});
  return (content) => {
    text = content;
    found = [];
    void rule.file?.(sourceOf(content));
    text = '';
    return found;
  };
}

/** Without a path: a rule looks at every text then, whatever its name. */
function sourceOf(content: string): SecretLintSourceCode {
  const loc = { start: { line: 1, column: 0 }, end: { line: 1, column: 0 } };
  return {
    content,
    filePath: undefined,
    physicalFilePath: undefined,
    getFilePath: () => undefined,
    getPhysicalFilePath: () => undefined,
    ext: '',
    contentType: 'text',
    hasBOM: false,
    indexToPosition: () => loc.start,
    positionToIndex: () => 0,
    locationToRange: () => [0, 0],
    rangeToLocation: () => loc,
  };
}

/** What a report is about is in its data; its range may begin with the name before it, and end before the secret does. */
function matchOf(
  text: string,
  message: string,
  data: unknown,
  [from, to]: readonly [number, number],
): SecretMatch | undefined {
  const values = typeof data === 'object' && data !== null ? Object.values(data) : [];
  const near = text.slice(from, to + NEAR);
  let secret = '';
  for (const value of values) {
    if (typeof value === 'string' && value.length > secret.length && near.includes(value)) secret = value;
  }
  if (secret === '') secret = text.slice(from, to);
  // A connection string ends where the text that quotes it goes on.
  if (secret.includes('://')) secret = /^[^"'`<>\\\s,;)\]}]*/.exec(secret)?.[0] ?? secret;
  const start = from + near.indexOf(secret);
  return secret === '' ? undefined : { rule: nameIn(message), start, secret };
}

/** `found GitHub Token(): ` is about a GitHub Token. */
function nameIn(message: string): string {
  const name = message.replace(/^found /, '').replace(/(?:\(.*\))?:.*$/s, '');
  return name.charAt(0).toUpperCase() + name.slice(1);
}
