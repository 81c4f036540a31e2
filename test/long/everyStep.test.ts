import { expect, it } from 'vitest';
import { exerciseKills, scenarios } from '../fixtures/everyStep.ts';

/** RELAY_STRIDE=N tries every Nth step alone. */
const STRIDE = Number(process.env['RELAY_STRIDE'] ?? 1);

it.each(Object.keys(scenarios) as readonly (keyof typeof scenarios)[])(
  'a host that is killed ahead of any step of %s leaves the tree as before or as after',
  async (name) => {
    const { before, after } = await exerciseKills(name, STRIDE);
    process.stdout.write(`${name}: ${String(before)} times as before, ${String(after)} as after\n`);
    expect(before).toBeGreaterThan(0);
    expect(after).toBeGreaterThan(0);
  },
  1_800_000,
);
