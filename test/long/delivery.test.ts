import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deliveryGrounds } from '../fixtures/deliveryGround.ts';
import { exerciseDelivery } from '../fixtures/deliveryLaw.ts';

/** In all. RELAY_SEED=N brings back the cases of an earlier run: each run says its own. RELAY_RUNS=N tries N of them. */
const CASES = Number(process.env['RELAY_RUNS'] ?? 500);
const seed = Number(process.env['RELAY_SEED'] ?? fc.sample(fc.integer({ min: 0, max: 2 ** 31 - 1 }), 1)[0]);

it.each(
  deliveryGrounds.map((ground, at) => [ground, Math.floor((CASES + at) / deliveryGrounds.length), seed + at] as const),
)(
  'five hundred dirty trees and patches: what is applied is what git makes, and comes back to the byte: %s',
  async (ground, numRuns, own) => {
    const tally = await exerciseDelivery(ground, { numRuns, seed: own });
    process.stdout.write(`${ground}: seed ${String(seed)}, ${JSON.stringify(tally)}\n`);
    expect(tally.cases).toBe(numRuns);
    expect(tally.undone).toBeGreaterThan(0);
  },
  7_200_000,
);
