import { resolve } from 'node:path';
import { runProgram } from './program.ts';

const vsce = resolve(import.meta.dirname, '..', '..', 'node_modules', '@vscode', 'vsce', 'vsce');

/** Packages the extension in a folder: no npm, no git, nothing signed. Throws what vsce objects to. */
export async function packageExtension(directory: string, vsix: string): Promise<void> {
  const args = [
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--out',
    vsix,
  ];
  const done = await runProgram(process.execPath, [vsce, ...args], { cwd: directory, timeoutMs: 60_000 });
  if (!done.ok) throw new Error(done.error);
}
