// Bundles each entry point to dist/: programs and the extension as CommonJS (__dirname is how a bundle finds the files
// beside it), pages for webviews as modules for a browser.
import { build } from 'esbuild';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { policyFileSchema } from './src/domain/repositoryPolicy.ts';

const require = createRequire(import.meta.url);
await rm('dist', { recursive: true, force: true });
await mkdir('dist', { recursive: true });

const shared = { bundle: true, legalComments: 'none', logLevel: 'warning' };
const programs = {
  ...shared,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  external: ['vscode', 'bullmq'],
};

/** The engine is a bundle of its own, loaded when a window needs it: the extension's activation reads only what it shows. */
const engineApart = {
  name: 'engine-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/host\/window\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './window.cjs', external: true } : undefined,
    );
    onResolve({ filter: /\.\/run\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './languageModel.cjs', external: true } : undefined,
    );
    onResolve({ filter: /\/protocol\/codecs\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './codecs.cjs', external: true } : undefined,
    );
  },
};

await Promise.all([
  build({
    ...programs,
    entryPoints: [
      { in: 'test/start/start.ts', out: 'start' },
      { in: 'test/bench/bench.ts', out: 'bench' },
    ],
    sourcemap: 'linked',
  }),
  // What is shipped.
  build({
    ...programs,
    entryPoints: [
      { in: 'src/cli.ts', out: 'cli' },
      { in: 'src/extension.ts', out: 'extension' },
      { in: 'src/host/window.ts', out: 'window' },
      { in: 'src/protocol/codecs.ts', out: 'codecs' },
      { in: 'src/editor/languageModel/run.ts', out: 'languageModel' },
    ],
    plugins: [engineApart],
    // VS Code logs an error of its own where an extension so much as looks for a browser.
    define: { navigator: 'undefined' },
    minify: true,
    keepNames: true,
  }),
  build({
    ...shared,
    entryPoints: [
      { in: 'webview/jobPage.ts', out: 'jobPage' },
      { in: 'webview/jobPage.css', out: 'jobPage' },
    ],
    outdir: 'dist/webview',
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    minify: true,
  }),
  cp(require.resolve('sql.js/dist/sql-wasm.wasm'), 'dist/sql-wasm.wasm'),
  // Types alone, without imports: as good a declaration file as any.
  cp('src/executors/pluginApi.ts', 'dist/task-relay.d.ts'),
  writeFile('dist/task-relay.schema.json', `${JSON.stringify(policyFileSchema(), undefined, 2)}\n`),
]);
