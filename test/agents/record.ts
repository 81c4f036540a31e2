// `node test/agents/record.ts [codex|claude] [scenario]`: runs the scenarios with the real programs, and writes what was
// seen to test/executors/cassettes. By hand, when a program's version or a scenario is new.
import { relative } from 'node:path';
import { writeCassette } from './cassette.ts';
import { installed } from './install.ts';
import { programs } from './programs.ts';
import { runScenario, setups } from './run.ts';
import type { Scenario } from './scenario.ts';

const [onlyProgram, onlyScenario] = process.argv.slice(2);
const names = (['codex', 'claude'] as const).filter((name) => onlyProgram === undefined || name === onlyProgram);

for (const executor of names) {
  const executable = await installed(executor);
  if (!executable.ok) throw new Error(executable.error.message);
  const { version } = programs[executor];
  const all: readonly (readonly [string, Scenario])[] = Object.entries(setups[executor].scenarios);
  for (const [scenario, played] of all.filter(([name]) => onlyScenario === undefined || name === onlyScenario)) {
    const { lines, exit, endedAt, changes, survivors } = await runScenario(executor, executable.value, played);
    const head = { cassette: 1, executor, version, scenario, mode: played.mode } as const;
    const path = writeCassette({ head, lines, end: { at: endedAt, exit } });
    const ending = exit.kind === 'exited' ? `exit ${exit.exitCode}` : exit.signal;
    const left = [...changes, ...(survivors > 0 ? [`${survivors} processes`] : [])].join(', ');
    process.stdout.write(`${relative('', path)}: ${ending}, ${endedAt} ms, left: ${left === '' ? 'nothing' : left}\n`);
  }
}
