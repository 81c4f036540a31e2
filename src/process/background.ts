import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface BackgroundCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** An open file that takes what it writes to stderr. */
  readonly stderr: number;
}

/**
 * Starts a program that outlives this one; resolves with its first line of stdout, or undefined where it ended before.
 * Node's own spawn: execa would keep a hand on what is to be let go of.
 */
export async function startInBackground(command: BackgroundCommand): Promise<string | undefined> {
  const { file, args, env, stderr } = command;
  const child = spawn(file, args, { env, detached: true, windowsHide: true, stdio: ['ignore', 'pipe', stderr] });
  child.on('error', () => undefined);
  const { stdout } = child;
  if (stdout === null) return undefined;
  const lines = createInterface({ input: stdout });
  const line = await new Promise<string | undefined>((resolve) => {
    lines.once('line', (text) => resolve(text));
    lines.once('close', () => resolve(undefined));
  });
  lines.close();
  stdout.destroy();
  child.unref();
  return line;
}
