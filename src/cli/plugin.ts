import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { pluginExecutor } from '../executors/plugin.ts';
import { Plugins } from '../executors/plugins.ts';
import { isPlugin, wrongPlugin } from '../executors/pluginShape.ts';
import type { CliContext } from './context.ts';
import { badInput, type CliFailure } from './failure.ts';
import { isOwn } from './stray.ts';

/** The executors in these modules: each is the default export of one. A plug-in's stray errors are logged, and end nothing. */
export async function pluginsIn(
  files: readonly string[],
  { cwd, clock, log, assets }: CliContext,
): Promise<Result<Plugins, CliFailure>> {
  const plugins = new Plugins();
  for (const file of files) {
    const found = await defaultExport(resolve(cwd, file));
    if (!found.ok) return err(badInput(`--plugin ${file} cannot be loaded: ${found.error}`));
    if (!isPlugin(found.value))
      return err(badInput(`--plugin ${file} is no executor: ${wrongPlugin(found.value) ?? ''}`));
    if (plugins.has(found.value.name))
      return err(badInput(`--plugin ${file}: another one is named "${found.value.name}" as well.`));
    plugins.bring(pluginExecutor(found.value, clock));
  }
  if (files.length > 0) {
    for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
      process.on(event, (thrown: unknown) => {
        // As without plug-ins: what a bug of the program's own leaves behind is not to be worked on with.
        if (isOwn(thrown, assets)) throw thrown;
        log.write('error', 'an error that nobody caught, perhaps of a plug-in', { error: messageOf(thrown) });
      });
    }
  }
  return ok(plugins);
}

/** Of an ES module, of a CommonJS module, or of an ES module that was compiled to one. */
async function defaultExport(path: string): Promise<Result<unknown, string>> {
  try {
    // The one module whose name only a run can tell.
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const exported = loaded.default;
    const isWrapped = typeof exported === 'object' && exported !== null && 'default' in exported;
    return ok(isWrapped ? exported.default : exported);
  } catch (thrown) {
    return err(messageOf(thrown));
  }
}
