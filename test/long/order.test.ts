import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exerciseOrder } from '../fixtures/orderLaw.ts';

/** RELAY_SEED=N brings back the histories of an earlier run: each run says its own. */
const HISTORIES = 200;
const seed = Number(process.env['RELAY_SEED'] ?? fc.sample(fc.integer({ min: 0, max: 2 ** 31 - 1 }), 1)[0]);

it('two hundred histories: drift, conflict pairs and apply order are those of brute force', async () => {
  const tally = await exerciseOrder(5, { numRuns: HISTORIES, seed });
  process.stdout.write(`seed ${String(seed)}: ${JSON.stringify(tally)}\n`);
  for (const count of Object.values(tally)) expect(count).toBeGreaterThan(10);
}, 7_200_000);
