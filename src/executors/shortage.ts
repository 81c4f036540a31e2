/**
 * What is at its end where a program says so in words. `rate`: it comes back by itself. `unpaid`: somebody has to pay first,
 * and to wait is of no use. `disk`: there is no room on this machine.
 */
export type Shortage = 'rate' | 'unpaid' | 'disk';

const DISK = /\bdisk quota|\bEDQUOT\b|\bENOSPC\b|no space left/i;
/** OpenAI's code and words, Anthropic's, and HTTP's. */
const UNPAID =
  /insufficient[_ ]quota|\b402\b|payment required|billing[_ ](?:error|hard)|credit balance|(?:insufficient|out of|no|not enough) (?:credits?|funds|balance)\b/i;
/** The same words as of somebody who is to pay; Gemini has them also where a minute's share is used up. */
const USED_UP = /quota exceeded|exceeded your (?:current )?quota|\bbilling\b/i;
const RENEWED =
  /resource.?exhausted|(?:retry|try again)[-_ ]?(?:in|after|at|delay)\b|\bper[-_ ]?(?:minute|hour|day)|PerMinute|PerDay/i;
const RATE =
  /\b429\b|rate.?limit|too many requests|quota|usage limit|resource.?exhausted|overloaded|ChatQuotaExceeded|ChatRateLimited/i;

/** Undefined where none of the words is of a shortage. Sources: the errors that the providers document. Pure. */
export function shortageIn(text: string): Shortage | undefined {
  if (DISK.test(text)) return 'disk';
  if (UNPAID.test(text)) return 'unpaid';
  if (USED_UP.test(text) && !RENEWED.test(text)) return 'unpaid';
  return RATE.test(text) ? 'rate' : undefined;
}
