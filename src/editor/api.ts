import { systemClock } from '../base/clock.ts';
import type { Executor } from '../domain/executor.ts';
import type { PluginExecutor, TaskRelayApi } from '../executors/pluginApi.ts';
import type { Plugins } from '../executors/plugins.ts';
import { wrongPlugin } from '../executors/pluginShape.ts';

/** What `activate` returns: the way in for executors of other extensions. */
export function extensionApi(plugins: Plugins): TaskRelayApi {
  return Object.freeze({
    apiVersion: 1 as const,
    registerExecutor: (executor: PluginExecutor) => {
      const wrong = wrongPlugin(executor);
      if (wrong !== undefined) throw new TypeError(wrong);
      if (plugins.has(executor.name)) throw new TypeError(`An executor "${executor.name}" is registered already.`);
      return plugins.bring(adapted(executor));
    },
  });
}

/** The adapter parses, so it is loaded with the engine: no extension waits for it. */
function adapted(plugin: PluginExecutor): Executor {
  const adapter = async (): Promise<Executor> => {
    const { pluginExecutor } = await import('../host/window.ts');
    return pluginExecutor(plugin, systemClock);
  };
  return {
    name: plugin.name,
    abilities: { sandboxes: [], budgets: [...(plugin.budgets ?? [])] },
    ...(plugin.probe === undefined
      ? {}
      : { probe: async (signal: AbortSignal) => (await (await adapter()).probe?.(signal)) ?? { state: 'ready' } }),
    run: async (request, context) => (await adapter()).run(request, context),
  };
}
