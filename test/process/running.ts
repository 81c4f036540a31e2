import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LogEvent } from '../../src/domain/executor.ts';
import { procfs } from '../../src/process/procfs.ts';
import type { ShellOptions } from '../../src/process/shell.ts';

export const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };

/** A directory for one test. */
export async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'relay-process-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

let marks = 0;
/** A mark that no other test has. */
export function freshMark(): string {
  return `test-${process.pid}/job/${++marks}`;
}

/** Whether a process with this pid lives; a zombie does not. */
export async function isAlive(pid: number): Promise<boolean> {
  return (await procfs.rows()).some((row) => row.pid === pid);
}

export interface Watched extends ShellOptions {
  readonly events: LogEvent[];
  /** Resolves when the program has said a line that begins so. */
  said(beginning: string): Promise<string>;
}

/** Options for a shell line, with an ear for what it prints: tests wait for its words, never for time. */
export function watched(directory: string, more: Partial<ShellOptions> = {}): Watched {
  const events: LogEvent[] = [];
  const waiting: { beginning: string; resolve: (text: string) => void }[] = [];
  return {
    directory,
    env,
    mark: freshMark(),
    ...more,
    events,
    onLog(event) {
      events.push(event);
      for (const { beginning, resolve } of waiting) if (event.text.startsWith(beginning)) resolve(event.text);
    },
    said: (beginning) => new Promise((resolve) => waiting.push({ beginning, resolve })),
  };
}
