import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exerciseFidelity } from '../fixtures/fidelity.ts';
import { grounds } from '../fixtures/fidelityGrounds.ts';

/** In all. RELAY_SEED=N brings back the jobs of an earlier run: each run says its own. */
const JOBS = 1000;
const seed = Number(process.env['RELAY_SEED'] ?? fc.sample(fc.integer({ min: 0, max: 2 ** 31 - 1 }), 1)[0]);

it.each(grounds.map((ground, at) => [ground, Math.floor((JOBS + at) / grounds.length)] as const))(
  'a thousand jobs: the patch gives the executor’s tree, and what cannot be carried is refused by name: %s',
  async (ground, numRuns) => {
    const { proven, refused } = await exerciseFidelity(ground, { numRuns, seed });
    process.stdout.write(
      `${ground}: seed ${String(seed)}, ${String(proven)} proven, ${String(refused)} refused by name\n`,
    );
    expect(proven + refused).toBe(numRuns);
    expect(proven).toBeGreaterThan(refused);
  },
  7_200_000,
);
