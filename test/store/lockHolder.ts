// Takes the lock at argv[2], says what came of it, and holds it until it is killed, also while garbage is collected.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { writeSync } from 'node:fs';
import { acquireLock } from '../../src/store/lock.ts';

function take(): string {
  const lock = acquireLock(process.argv[2] ?? '');
  return lock.ok ? 'acquired' : lock.error.kind;
}

const outcome = take();
setFlagsFromString('--expose-gc');
await new Promise((resolve) => setImmediate(resolve));
runInNewContext('gc()');
await new Promise((resolve) => setImmediate(resolve));
writeSync(1, `${outcome}\n`);
if (outcome === 'acquired') process.stdin.resume();
