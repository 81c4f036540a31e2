import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { limited, ms, skipped, told, type Row } from './row.ts';
import { median } from './statistics.ts';

const Times = z.array(z.number()).min(1).readonly();
const Beyond = z.object({
  /** Milliseconds of a job, from its submission to its end. */
  jobs: Times,
  /** Of these, those of the program itself, from its start to its exit. */
  programs: Times,
});
const ExecutorFigures = z.object({
  codex: Beyond,
  claude: Beyond,
  /** Milliseconds from a cancel until nothing of the job lives. */
  cancels: Times,
});
export type ExecutorFigures = Readonly<z.infer<typeof ExecutorFigures>>;
const Told = z.union([ExecutorFigures, z.object({ missing: z.string() })]);

/** Most that the relay may add to a program's own time, and how long a cancel may take. */
const BEYOND_MS = 150;
const CANCEL_MS = 3000;

/** Jobs of the real programs against a model on this machine; skipped where they cannot be had. */
export async function executors(): Promise<readonly Row[]> {
  const figures = Told.parse(JSON.parse(await lastLine()));
  if ('missing' in figures) return [skipped("agents' programs", figures.missing)];
  const { codex, claude, cancels } = figures;
  return [
    ...beyond('codex', codex),
    ...beyond('claude', claude),
    limited(
      `a cancel, with children in sessions of their own, worst of ${String(cancels.length)}`,
      ms(Math.max(...cancels)),
      ms(CANCEL_MS),
      'at most',
    ),
    told('  … median', ms(median(cancels))),
  ];
}

function beyond(name: string, { jobs, programs }: z.infer<typeof Beyond>): readonly Row[] {
  const added = jobs.map((job, run) => job - (programs[run] ?? 0));
  const what = `a ${name} job beyond its program, median of ${String(jobs.length)}`;
  return [
    limited(what, ms(median(added)), ms(BEYOND_MS), 'at most'),
    told(`  … the job, against the program alone`, ms(median(jobs)), ms(median(programs))),
  ];
}

/** In a process of its own: what installs the programs is not bundled. */
async function lastLine(): Promise<string> {
  const program = join(process.cwd(), 'test', 'bench', 'executorFigures.ts');
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the measurement of the executors ended with ${String(code)}`);
  return said.trimEnd().split('\n').at(-1) ?? '';
}
