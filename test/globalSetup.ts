import { build } from 'esbuild';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the bundled programs: cli.cjs and crashHost.cjs, with sql-wasm.wasm beside them. */
    programs: string;
  }
}

/** Bundles the programs that tests run as processes, once a run, as `npm run build` does. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = dirname(import.meta.dirname);
  const cache = join(root, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const programs = await mkdtemp(join(cache, 'task-relay-test-'));
  await build({
    absWorkingDir: root,
    entryPoints: [
      { in: 'src/cli.ts', out: 'cli' },
      { in: 'test/crash/crashHost.ts', out: 'crashHost' },
    ],
    outdir: programs,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    minifySyntax: true,
    logLevel: 'warning',
  });
  await copyFile(createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm'), join(programs, 'sql-wasm.wasm'));
  project.provide('programs', programs);
  return () => rm(programs, { recursive: true, force: true });
}
