import type { Clock } from '../../base/clock.ts';
import { err } from '../../base/result.ts';
import type { Executor } from '../../domain/executor.ts';
import type { ExecutorSettings } from '../../domain/executorSettings.ts';
import { presets, type AcpAgent } from './presets.ts';
import { probe } from './probe.ts';

export interface AcpOptions {
  readonly clock: Clock;
  /** Read at each run and probe. */
  readonly settings: () => ExecutorSettings;
  /** What an agent would get of the environment, for probes. */
  readonly environment: () => Readonly<Record<string, string>>;
}

/** An executor for each agent that is known, and for each that the user has set so far. */
export function acpExecutors(options: AcpOptions): readonly Executor[] {
  const names = new Set([...Object.keys(presets), ...Object.keys(options.settings().acp)]);
  return [...names].map((name) => acpExecutor(name, options));
}

function acpExecutor(name: string, { clock, settings, environment }: AcpOptions): Executor {
  const agent = (): AcpAgent | undefined => settings().acp[name] ?? presets[name];
  return {
    name,
    // It tells what it used at the end of its turn at best: no budget can be held to that.
    abilities: { sandboxes: ['read-only', 'workspace-write'], budgets: [], resumes: true },
    async probe(signal) {
      const present = agent();
      if (present === undefined) return { state: 'notInstalled', message: gone(name) };
      return probe({ name, agent: present, env: environment(), clock }, signal);
    },
    async run(request, context) {
      const present = agent();
      if (present === undefined) return err({ kind: 'unavailable', message: gone(name) });
      // The protocol's library is loaded by the first job that needs it.
      const { runSession } = await import('./session.ts');
      return runSession(request, context, { name, agent: present, permissions: settings().permissions, clock });
    },
  };
}

function gone(name: string): string {
  return `The agent "${name}" is no longer in the settings of executors. Set it there, or name another executor.`;
}
