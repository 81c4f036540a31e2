import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readHostFile } from '../../src/guest/hostFile.ts';
import { acquireLock } from '../../src/store/lock.ts';

const LONGEST_WAIT_MS = 8000;

/** A command line may have left a host at work on the last sample: it is ended before its files are taken away. */
export async function endEarlierHost(repository: string): Promise<void> {
  const record = join(repository, '.git', 'task-relay');
  const host = await readHostFile(record);
  // The lock says that the host lives, so that its pid is still its own.
  if (host === undefined || !isHeld(record)) return;
  if (host.inEditor === true)
    throw new Error('The sample is open in an editor, where jobs may run. Close its window there, then try again.');
  process.kill(host.pid, 'SIGTERM');
  for (let waited = 0; isHeld(record); waited += 50) {
    if (waited > LONGEST_WAIT_MS)
      throw new Error(`An earlier relay (pid ${String(host.pid)}) does not end. End it, then try again.`);
    await pause(50);
  }
}

function isHeld(record: string): boolean {
  const lock = acquireLock(join(record, 'lock'));
  if (lock.ok) lock.value.dispose();
  return !lock.ok;
}
