import { execa } from 'execa';

/**
 * Signals a process group by its leader; false where nobody is left in it. On Windows, which has no groups, the tree
 * below the leader is ended by force whatever the signal (not run on Windows yet).
 */
export function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (process.platform === 'win32') {
    if (signal !== 0) void endByTaskkill(leader);
    return false;
  }
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}

/** Windows: ends a process and all below it. `taskkill` finds nothing once the process itself has exited. */
export async function endByTaskkill(leader: number): Promise<void> {
  await execa('taskkill', ['/PID', String(leader), '/T', '/F'], { reject: false, stdio: 'ignore' });
}
