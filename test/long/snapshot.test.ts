import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exerciseSnapshots } from '../fixtures/snapshots.ts';

const RUNS = 500;
const seed = Number(process.env['RELAY_SEED'] ?? fc.sample(fc.integer({ min: 0, max: 2 ** 31 - 1 }), 1)[0]);

it('500 working trees: a snapshot is the tree of the user’s own git add --all, and touches nothing', async () => {
  const dirty = await exerciseSnapshots({ numRuns: RUNS, seed });
  process.stdout.write(`snapshots: seed ${String(seed)}, ${String(dirty)} of ${String(RUNS)} were no clean tree\n`);
  expect(dirty).toBeGreaterThan(RUNS / 2);
}, 7_200_000);
