import { build } from 'esbuild';
import { copyFile, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the bundled programs: cli.cjs and crashHost.cjs, with sql-wasm.wasm beside them. */
    programs: string;
  }
}

const NAME = 'task-relay-test-';
const OLD_MS = 3_600_000;

/** Bundles the programs that tests run as processes, once a run, as `npm run build` does. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = dirname(import.meta.dirname);
  const cache = join(root, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  await removeOld(cache);
  const programs = await mkdtemp(join(cache, NAME));
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

/** A run that was killed leaves its programs. */
async function removeOld(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    // Another run may end, and remove its own, at this very moment.
    const made = name.startsWith(NAME) ? await stat(path).catch(() => undefined) : undefined;
    if (made !== undefined && Date.now() - made.mtimeMs > OLD_MS) await rm(path, { recursive: true, force: true });
  }
}
