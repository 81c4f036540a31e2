// Bundles each entry point to dist/ (CommonJS: __dirname is how a bundle finds the files beside it).
import { build } from 'esbuild';
import { cp, mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
await rm('dist', { recursive: true, force: true });
await mkdir('dist', { recursive: true });

const entries = [
  { in: 'src/cli.ts', out: 'cli' },
  { in: 'test/start/start.ts', out: 'start' },
  { in: 'test/bench/bench.ts', out: 'bench' },
].filter((entry) => existsSync(entry.in));

await build({
  entryPoints: entries,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  sourcemap: 'linked',
  minifySyntax: true,
  legalComments: 'none',
  external: ['vscode', 'bullmq'],
  logLevel: 'warning',
});
await cp(require.resolve('sql.js/dist/sql-wasm.wasm'), 'dist/sql-wasm.wasm');
