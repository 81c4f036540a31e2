import { spawn } from 'node:child_process';

/** Runs git by child_process alone, as the floor does; stdout as bytes. */
export function bareGit(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly stdin?: string | Uint8Array },
): Promise<Buffer> {
  const { cwd, env, stdin } = options;
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd, env, stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const said: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
    child.stdin?.end(stdin);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(`git ${args.join(' ')}: ${String(code)} ${Buffer.concat(said).toString()}`));
    });
  });
}
