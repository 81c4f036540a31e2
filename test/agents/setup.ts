import type { TestProject } from 'vitest/node';
import { installed } from './install.ts';
import { programs, type ProgramName } from './programs.ts';

const names: readonly ProgramName[] = ['codex', 'claude', 'gemini', 'qwen', 'opencode', 'claude-acp', 'codex-acp'];

/** An executable, or why its tests are skipped. */
export type Found = { readonly executable: string } | { readonly missing: string };

declare module 'vitest' {
  export interface ProvidedContext {
    readonly agents?: Readonly<Record<string, Found>>;
  }
}

/** Once a run, before its first test: an install takes its time here and not from a test. */
export default async function setup(project: TestProject): Promise<void> {
  const found: Record<string, Found> = {};
  for (const name of names) {
    const executable = await installed(name);
    if (executable.ok) found[name] = { executable: executable.value };
    else if (executable.error.kind === 'broken') throw new Error(executable.error.message);
    else {
      found[name] = { missing: executable.error.message };
      process.stderr.write(`No tests with ${name} ${programs[name].version}: ${executable.error.message}\n`);
    }
  }
  project.provide('agents', found);
}
