import { build } from 'esbuild';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Editor } from './editor.ts';
import { until } from './until.ts';

const Outcome = z.union([z.object({ error: z.string() }), z.object({ value: z.unknown() })]);

export interface Inside {
  /** A TypeScript file that exports `run(argument)`; it may import `vscode` and whatever can be bundled. */
  readonly module: string;
  /** Given to `run`, through JSON. */
  readonly argument?: unknown;
  /** The folders that the window opens. */
  readonly folders: readonly string[];
  readonly limitMs?: number;
  /** What the extension under development contributes; nothing where it is not said. */
  readonly contributes?: object;
}

/**
 * Runs code inside an extension host of this editor, with the installed extensions, in a window of its own. The editor must
 * have been started with `smokeTestDriver`. What `run` returned, through JSON; throws what it threw.
 */
export async function runInside(editor: Editor, inside: Inside): Promise<unknown> {
  const directory = join(editor.directory, `inside-${randomUUID().slice(0, 8)}`);
  await writeModule(directory, inside);
  const query = await editor.query(inside.folders);
  query.set('payload', JSON.stringify(payload(editor, directory)));
  const printed: string[] = [];
  const state = { isOver: false };
  const window = await editor.openPage(query, {
    codeAutomationExit: () => void (state.isOver = true),
    codeAutomationLog: (type, parts) => void printed.push(`${String(type)}: ${JSON.stringify(parts)}`),
  });
  const told = (): string => `\n${[...printed, ...window.errors()].map((line) => line.slice(0, 300)).join('\n')}`;
  await until('the run inside the extension host', () => state.isOver, inside.limitMs ?? 120_000).catch(
    (thrown: unknown) => {
      throw new Error(`The run inside the extension host did not end.${told()}`, { cause: thrown });
    },
  );
  await editor.closeWindow(window);
  const result = join(directory, 'result.json');
  if (!existsSync(result)) throw new Error(`The run inside the extension host was not begun.${told()}`);
  const outcome = Outcome.parse(JSON.parse(await readFile(result, 'utf8')));
  if ('error' in outcome) throw new Error(`Inside the extension host: ${outcome.error}${told()}`);
  return outcome.value;
}

/** An extension under development is what makes VS Code run tests; this one has no code in it. */
function payload(editor: Editor, directory: string): readonly (readonly string[])[] {
  const root = `vscode-remote://${new URL(editor.url).host}${directory}`;
  return [
    ['extensionDevelopmentPath', `${root}/empty`],
    ['extensionTestsPath', `${root}/index.cjs`],
  ];
}

async function writeModule(directory: string, { module, argument, contributes = {} }: Inside): Promise<void> {
  await mkdir(join(directory, 'empty'), { recursive: true });
  const manifest = { name: 'empty', publisher: 'relay-test', version: '0.0.1', engines: { vscode: '*' }, contributes };
  await writeFile(join(directory, 'empty', 'package.json'), JSON.stringify(manifest));
  const outfile = join(directory, 'module.cjs');
  await build({ entryPoints: [module], outfile, bundle: true, platform: 'node', format: 'cjs', external: ['vscode'] });
  await writeFile(join(directory, 'index.cjs'), entry(JSON.stringify(argument ?? null)));
}

/** What VS Code calls: the outcome goes to a file, since the exit code alone comes back by itself. */
function entry(argument: string): string {
  return `'use strict';
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const tell = (outcome) => writeFileSync(join(__dirname, 'result.json'), JSON.stringify(outcome));
exports.run = async () => {
  try {
    const value = await require('./module.cjs').run(${argument});
    tell({ value: value ?? null });
  } catch (thrown) {
    tell({ error: String(thrown?.stack ?? thrown) });
  }
};
`;
}
