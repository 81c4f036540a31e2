import { expect, it } from 'vitest';
import { exerciseFidelity } from '../fixtures/fidelity.ts';
import { grounds } from '../fixtures/fidelityGrounds.ts';

/** For each kind of repository; `npm run test:long` has a thousand. */
const JOBS = 8;

it.each(grounds)(
  'the patch of any job gives the executor’s tree, and what cannot be carried is refused by name: %s',
  async (ground) => {
    const { proven } = await exerciseFidelity(ground, { numRuns: JOBS });
    expect(proven).toBeGreaterThan(0);
  },
  120_000,
);
