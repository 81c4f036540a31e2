import type { TestProject } from 'vitest/node';
import { findMeans, type Means } from './means.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** What tests in a real VS Code need, or why there is none of it here. */
    readonly editor?: Means | { readonly missing: string };
  }
}

/** Once a run, before its first test: an install takes its time here and not from a test. */
export default async function setup(project: TestProject): Promise<void> {
  const means = await findMeans();
  if (!means.ok) process.stderr.write(`No tests in a real VS Code: ${means.error}\n`);
  project.provide('editor', means.ok ? means.value : { missing: means.error });
}
