import { expect, it } from 'vitest';
import { exerciseOrder } from '../fixtures/orderLaw.ts';

/** `npm run test:long` has two hundred, of up to five results. */
const HISTORIES = 20;

it('patches stand, and fit together, as real checkouts have it, whatever became of the repository', async () => {
  const tally = await exerciseOrder(3, { numRuns: HISTORIES });
  expect(tally.clean + tally.merged + tally.conflict + tally.contained).toBeGreaterThan(HISTORIES);
}, 240_000);
