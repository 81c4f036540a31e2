import type { ExecutorError } from '../../domain/executor.ts';
import type { Ended } from './events.ts';

/** What is known of a provider's refusal. `word` is the program's own for it; `resetsAt` in ms since 1970. */
export interface Refused {
  readonly end: Pick<Ended, 'status' | 'text'>;
  readonly word: string | undefined;
  readonly limit: { readonly resetsAt: number | undefined } | undefined;
}

/** How to sign in, for every message that needs it. */
export const SIGN_IN =
  'Run "claude" in a terminal and sign in with /login, or let ANTHROPIC_API_KEY through to executors.';

/** What a provider's refusal means for the job. The words are those that the program gave; see the recordings. */
export function refusalOf({ end: { status, text }, word, limit }: Refused): ExecutorError {
  if (isBusy(status, word) || (limit !== undefined && status === undefined)) {
    const until = limit?.resetsAt ?? resetIn(text);
    const message = `Claude Code's provider takes no more for now: ${text}`;
    return { kind: 'limited', message, ...(until === undefined ? {} : { until }) };
  }
  if (isUnknown(status, word)) {
    const message = `Claude Code is not signed in, or its provider does not take the sign-in: ${text} ${SIGN_IN}`;
    return { kind: 'unavailable', message };
  }
  if (status === 402 || word === 'billing_error') {
    return { kind: 'unavailable', message: `Claude Code's provider wants to be paid first: ${text}` };
  }
  if (word === 'model_not_found') {
    const remedy = 'Name another in execution.preferredModel, or in claude.model of the setting relay.executors.';
    return { kind: 'unavailable', message: `Claude Code's provider has no such model: ${text} ${remedy}` };
  }
  return { kind: 'failed', message: `Claude Code's provider failed: ${text}` };
}

function isBusy(status: number | undefined, word: string | undefined): boolean {
  return status === 429 || status === 529 || word === 'rate_limit' || word === 'overloaded';
}

function isUnknown(status: number | undefined, word: string | undefined): boolean {
  return status === 401 || status === 403 || word === 'authentication_failed' || word === 'oauth_org_not_allowed';
}

/** Older versions end the text by `|` and the reset in seconds since 1970. */
function resetIn(text: string): number | undefined {
  const seconds = /\|(\d{10})\b/.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
