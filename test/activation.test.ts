import { resolve } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** What VS Code reads before it calls `activate`: what is imported at once, not what is imported later. */
async function readAtActivation(): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [resolve(import.meta.dirname, '../src/extension.ts')],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    external: ['vscode'],
    plugins: [
      {
        name: 'later',
        setup(build) {
          build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
            kind === 'dynamic-import' ? { path, external: true } : undefined,
          );
        },
      },
    ],
  });
  return Object.keys(metafile.inputs);
}

it('activation reads no schema, no engine and no package: they are a hundred milliseconds', async () => {
  const read = await readAtActivation();
  expect(read.length).toBeGreaterThan(30);
  expect(read.filter((path) => /node_modules|src\/(?:engine|store|git|checks|mcp|http)\//.test(path))).toEqual([]);
});
