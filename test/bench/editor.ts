import { spawn } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { limited, megabytes, ms, perSecond, skipped, told, type Row } from './row.ts';
import { median, percentile } from './statistics.ts';

const Times = z.array(z.number()).min(1).readonly();
const EditorFigures = z.object({
  /** Milliseconds that VS Code tells of an activation: loading the code and the call. */
  activations: Times,
  /** The same of a small extension of VS Code's own that starts by the same event in the same windows. */
  peers: Times,
  /** Milliseconds from the key in the palette to the first question. */
  palettes: Times,
  /** Milliseconds from the reading of one changed job of a thousand to its row in the page. */
  changed: Times,
  /** The same of a new job, for which all rows are asked for. */
  added: Times,
  refreshesASecond: z.number(),
  /** Changes in the storm. */
  storm: z.int(),
  vsixBytes: z.int(),
  extensionBytes: z.int(),
});
export type EditorFigures = Readonly<z.infer<typeof EditorFigures>>;
const Told = z.union([EditorFigures, z.object({ missing: z.string() })]);

const KILO = 1000;

/** The extension in a real VS Code; skipped where there is none. */
export async function editor(): Promise<readonly Row[]> {
  const figures = Told.parse(JSON.parse(await lastLine()));
  if ('missing' in figures) return [skipped('the extension in a real VS Code', figures.missing)];
  const { activations, peers, palettes, changed, added, refreshesASecond, storm, vsixBytes, extensionBytes } = figures;
  // Of no use without it: what VS Code tells is wall time, of a process among others.
  const load = `load ${(loadavg()[0] ?? 0).toFixed(1)} on ${cpus().length} cores`;
  const windows = `${activations.length} windows (${load})`;
  return [
    limited(`activation as VS Code tells it, median of ${windows}`, ms(median(activations)), ms(50), 'below'),
    told("  … VS Code's own Merge Conflict in the same windows", ms(median(activations)), ms(median(peers))),
    told('  … the slowest', ms(Math.max(...activations))),
    limited(`palette to first input, median of ${palettes.length}`, ms(median(palettes)), ms(100), 'below'),
    told('  … p95', ms(percentile(palettes, 0.95))),
    limited(`a changed job of 1000, read to drawn, median of ${changed.length}`, ms(median(changed)), ms(50), 'below'),
    told('  … p95', ms(percentile(changed, 0.95))),
    limited(`a new job over 1000, read to drawn, median of ${added.length}`, ms(median(added)), ms(50), 'below'),
    told('  … p95', ms(percentile(added, 0.95))),
    limited(`refreshes of the tree under ${storm} changes`, perSecond(refreshesASecond), perSecond(4), 'at most'),
    limited('VSIX', megabytes(vsixBytes / KILO ** 2), megabytes(3), 'below'),
    told('  … of which the code that activation loads', megabytes(extensionBytes / KILO ** 2)),
  ];
}

/** In a process of its own: what drives the editor is not bundled. */
async function lastLine(): Promise<string> {
  const program = join(process.cwd(), 'test', 'bench', 'editorFigures.ts');
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the measurement in the editor ended with ${String(code)}`);
  return said.trimEnd().split('\n').at(-1) ?? '';
}
