/** What stands in documentation and tests where a secret would. */
const PLACEHOLDER =
  /example|placeholder|change[-_ ]?me|replace[-_ ]?(?:me|with)|your[-_ ]|redacted|dummy|sample|foobar|not[-_ ]?a?[-_ ]?real|insert[-_ ]|x{5}|\*{3}|\.{3}|<[^<>]{1,40}>|\$\{|\{\{|%[A-Z_]+%|1234567890|0123456789|abcdefghij|deadbeef/i;

/** Beyond this, words come about by chance. */
const LONGEST_WITH_WORDS = 400;

const FEWEST_BITS = 2.5;

/** Whether a found text can be a secret at all: no placeholder, and not the same few characters again and again. */
export function looksReal(secret: string): boolean {
  if (secret.length > LONGEST_WITH_WORDS) return bitsIn(secret) >= FEWEST_BITS;
  return !PLACEHOLDER.test(secret) && (secret.length < SHORT || bitsIn(secret) >= FEWEST_BITS);
}

/** Too short to be measured. */
const SHORT = 16;

/** Words that people type as a password where any would do. */
const COMMON_PASSWORD =
  /^(?:pass(?:word|wd|phrase)?|my-?pass(?:word)?|p4ssw0rd|p@ssw0rd|secret|my-?secret|admin|root|user(?:name)?|test(?:ing|pass|password)?|guest|letmein|qwerty|hunter2|foo|bar|baz|abc|postgres|mysql|redis|mongo|token|key|none|null|undefined|true|false)\d{0,4}!?$/i;

const SHORTEST_PASSWORD = 6;

/** Whether somebody's password can be meant, where no format tells. */
export function looksLikePassword(password: string): boolean {
  if (password.length < SHORTEST_PASSWORD || COMMON_PASSWORD.test(password) || PLACEHOLDER.test(password)) return false;
  if (/^[$%{<[(]|^process\.env|^os\.environ/.test(password)) return false;
  return new Set(password).size >= 5;
}

/** Shannon's entropy: bits a character. */
export function bitsIn(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
