import type { AcpAgent } from './presets.ts';

/** What is wrong where an agent's program is not there, with what to do. */
export function missingText({ name, agent }: { readonly name: string; readonly agent: AcpAgent }): string {
  const { command, known } = agent;
  const what = `The agent "${name}" is not here: ${command[0] ?? ''} was not found.`;
  return known === undefined
    ? `${what} Install it, or set its command in the settings of executors to its full path.`
    : `${what} Install it (${known.install}), or set its command in the settings of executors.`;
}
