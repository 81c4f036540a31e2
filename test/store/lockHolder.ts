// Takes the lock at argv[2], says what came of it, and holds it until it is killed.
import { writeSync } from 'node:fs';
import { acquireLock } from '../../src/store/lock.ts';

const path = process.argv[2] ?? '';
const lock = acquireLock(path);
writeSync(1, `${lock.ok ? 'acquired' : lock.error.kind}\n`);
if (lock.ok) process.stdin.resume();
