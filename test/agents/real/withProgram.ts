import { describe, inject } from 'vitest';
import type { ProgramName } from '../programs.ts';

/** A suite with a real program; skipped where it is out of reach, for which the run's setup has printed the reason. */
export function describeWith(name: ProgramName, suite: (executable: string) => void): void {
  const found = inject('agents')?.[name] ?? { missing: 'run it by test/agents/vitest.config.ts' };
  if ('missing' in found) describe.skip(`${name}: ${found.missing}`, () => suite(''));
  else describe(name, () => suite(found.executable));
}
