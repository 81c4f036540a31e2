import { watch } from 'node:fs';
import { disposable, type Disposable } from './disposable.ts';

/**
 * Hears of what is written in a folder, not below it, by the name of the entry where the system tells it. Undefined where
 * the folder cannot be watched.
 */
export type WatchFolder = (folder: string, onChange: (name: string | undefined) => void) => Disposable | undefined;

/** The only watcher of files. It keeps no process alive. */
export const watchFolder: WatchFolder = (folder, onChange) => {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onChange(name ?? undefined));
    // The folder is gone: whoever watches hears of that by what is around it.
    watcher.on('error', () => watcher.close());
    return disposable(() => watcher.close());
  } catch {
    return undefined;
  }
};
