import { expect, it } from 'vitest';
import { refusalOf } from '../../../src/executors/claude/refusal.ts';

const refused = (status: number | undefined, word: string | undefined, limit?: { resetsAt: number | undefined }) =>
  refusalOf({ end: { status, text: 'It said so.' }, word, limit });

it.each([
  [429, 'rate_limit', 'limited'],
  [529, 'overloaded', 'limited'],
  [undefined, 'overloaded', 'limited'],
  [401, 'authentication_failed', 'unavailable'],
  [403, undefined, 'unavailable'],
  [undefined, 'oauth_org_not_allowed', 'unavailable'],
  [400, 'billing_error', 'unavailable'],
  [402, 'unknown', 'unavailable'],
  [404, 'model_not_found', 'unavailable'],
  [500, 'server_error', 'failed'],
  [undefined, 'unknown', 'failed'],
  [undefined, undefined, 'failed'],
] as const)('%s, %s is %s, in its own words', (status, word, kind) => {
  expect(refused(status, word)).toMatchObject({ kind, message: expect.stringContaining('It said so.') as unknown });
});

it('takes a limit for the reason only where nothing else is', () => {
  const limit = { resetsAt: 1_000 };
  expect(refused(undefined, undefined, limit)).toMatchObject({ kind: 'limited', until: 1_000 });
  expect(refused(500, 'server_error', limit)).toMatchObject({ kind: 'failed' });
});
