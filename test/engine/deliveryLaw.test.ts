import { expect, it } from 'vitest';
import { deliveryGrounds } from '../fixtures/deliveryGround.ts';
import { exerciseDelivery } from '../fixtures/deliveryLaw.ts';

/** The same ones at each run: `npm run test:long` draws others, and many. */
const CASES = 8;
const SEED = 6;

it.each(deliveryGrounds.map((ground, at) => [ground, at] as const))(
  'a delivery changes what it names, to what git itself makes, and its undo brings each byte back: %s',
  async (ground, at) => {
    const tally = await exerciseDelivery(ground, { numRuns: CASES, seed: SEED + at });
    process.stdout.write(`${ground}: ${JSON.stringify(tally)}\n`);
    expect(tally.undone).toBeGreaterThan(0);
  },
  300_000,
);
