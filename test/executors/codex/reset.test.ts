import { expect, it } from 'vitest';
import { resetIn } from '../../../src/executors/codex/reset.ts';

/** A Sunday's evening in the zone of the machine, whichever that is. */
const now = new Date(2026, 10, 22, 20, 30, 15).getTime();
const at = (year: number, month: number, day: number, hour: number, minute: number): number =>
  new Date(year, month, day, hour, minute).getTime();

it.each([
  ['or try again at 9:42 PM.', at(2026, 10, 22, 21, 43)],
  ['or try again at 12:05 AM.', at(2026, 10, 23, 0, 6)],
  // The minute that it is: the end of it.
  ['try again at 8:30 PM.', at(2026, 10, 22, 20, 31)],
  ['try again at Jan 1st, 2100 12:00 AM.', at(2100, 0, 1, 0, 1)],
  ['try again at Dec 22nd, 2026 12:15 PM', at(2026, 11, 22, 12, 16)],
  ['Please try again in 11.054s. Visit', now + 11_054],
  ['try again in 320ms.', now + 320],
  ['try again in 1h 2m', now + 3_720_000],
  ['try again in 6m0s', now + 360_000],
  ['Try again in 1 day 2 hours 3 minutes.', now + 86_400_000 + 7_200_000 + 180_000],
  ['try again in 2 minutes and 5 seconds', now + 125_000],
  ['{"resets_at": 4102444800}', 4_102_444_800_000],
  ['"resets_in_seconds":90', now + 90_000],
  ['retry-after: 7', now + 7000],
  ['last status: 429 Too Many Requests', undefined],
  ['try again later', undefined],
  ['try again at Foo 1st, 2100 12:00 AM', undefined],
])('reads when a limit ends: %s', (text, expected) => {
  expect(resetIn(text, now)).toBe(expected);
});
