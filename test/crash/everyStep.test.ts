import { expect, it } from 'vitest';
import { exerciseKills, scenarios } from '../fixtures/everyStep.ts';

/** Of all steps, every so manieth is tried; all of them in `npm run test:long`. */
const STRIDE = 29;

it.each(Object.keys(scenarios) as readonly (keyof typeof scenarios)[])(
  'a host that is killed in the middle of %s leaves the tree as before or as after',
  async (name) => {
    const { before, after } = await exerciseKills(name, STRIDE);
    process.stdout.write(`${name}: ${String(before)} times as before, ${String(after)} as after\n`);
    expect(before).toBeGreaterThan(0);
  },
  600_000,
);
