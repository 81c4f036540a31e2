import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A script of this folder in a process of its own, on the Node that runs the tests. */
export function startChild(script: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}

export function linesOf(child: ChildProcess): AsyncIterableIterator<string> {
  if (child.stdout === null) throw new Error('the child has no output');
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}

/** SIGKILL, and the end of the process and of its pipes. */
export async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
