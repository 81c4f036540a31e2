import { spawn } from 'node:child_process';
import * as z from 'zod';

const FLAG = '--child';
const Figures = z.record(z.string(), z.number());
export type Figures = z.infer<typeof Figures>;

/** Measures in a process of its own: on a directory that another has filled. */
export type ChildTask = (directory: string) => Promise<Figures>;

/** Runs a task of this same bundle in a fresh process. */
export async function inChild(name: string, directory: string): Promise<Figures> {
  const child = spawn(process.execPath, [process.argv[1] ?? '', FLAG, name, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the measurement "${name}" ended with ${String(code)}`);
  return Figures.parse(JSON.parse(said));
}

/** What this process was started for, if as a child: it prints one line of JSON. */
export function childOf(
  [flag, name, directory]: readonly string[],
  tasks: Readonly<Record<string, ChildTask>>,
): (() => Promise<number>) | undefined {
  const task = flag === FLAG && name !== undefined ? tasks[name] : undefined;
  if (task === undefined || directory === undefined) return undefined;
  return async () => {
    process.stdout.write(`${JSON.stringify(await task(directory))}\n`);
    return 0;
  };
}
