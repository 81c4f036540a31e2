import { expect, it } from 'vitest';
import type { CassetteLine } from '../cassette.ts';
import { runScenario, setups } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import { describeWith } from './withProgram.ts';

for (const program of ['codex', 'claude'] as const) {
  describeWith(program, (executable) => {
    const scenarios: readonly (readonly [string, Scenario])[] = Object.entries(setups[program].scenarios);

    it.each(scenarios)('ends as it was recorded: %s', async (_, scenario) => {
      const seen = await runScenario(program, executable, scenario);
      expect(seen.exit).toEqual(scenario.exit);
      expect(seen.changes).toEqual(scenario.changes ?? []);
      expect(inOrder(seen.lines, scenario.says)).toEqual(scenario.says);
      if (scenario.leaves === true) expect(seen.survivors).toBeGreaterThan(0);
    });
  });
}

/** Those of the pieces that were said, each in the line of the one before it or in a later one of its stream. */
function inOrder(lines: readonly CassetteLine[], pieces: readonly string[]): readonly string[] {
  const from = { stdout: 0, stderr: 0 };
  return pieces.filter((piece) =>
    (['stdout', 'stderr'] as const).some((stream) => {
      const texts = lines.filter((line) => line.stream === stream).map(({ text }) => text);
      const at = texts.findIndex((text, index) => index >= from[stream] && text.includes(piece));
      if (at >= 0) from[stream] = at;
      return at >= 0;
    }),
  );
}
