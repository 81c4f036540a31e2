import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { codeOf } from '../base/result.ts';
import { hasMark } from './mark.ts';
import type { ProcessRow, ProcessTable } from './processTable.ts';

/**
 * Linux: /proc. Read by blocking calls, which cost a fifth of the asynchronous ones here (7 µs a process: 3 ms for 400),
 * a few at a time so that the event loop goes on in between.
 */
export const procfs: ProcessTable = {
  async rows() {
    return some(await scan(pids(), row));
  },
  async marked(mark) {
    return some((await pidsMarked(mark)).map(row));
  },
  async living(rows) {
    return some(await scan(rows, same));
  },
  signal(rows, signal) {
    for (const known of rows) {
      // Looked at right before, so that the signal meets no other process that got the pid meanwhile.
      if (same(known) !== undefined) kill(known.pid, signal);
    }
    return Promise.resolve();
  },
};

const AT_ONCE = 64;

/** Calls `look` for each, pausing for other work of the process after every few. */
async function scan<T, R>(items: readonly T[], look: (item: T) => R): Promise<R[]> {
  const seen: R[] = [];
  for (const [index, item] of items.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
    seen.push(look(item));
  }
  return seen;
}

/** Looks again at most this often for processes that came while it looked. */
const ROUNDS = 4;

/**
 * A process that forks and exits while we look could hide its child from a single pass, and one in the middle of an
 * execve shows no environment for a moment. So where one was gone or empty, the new and the empty are looked at again.
 * (One that is still listed but cannot be read for want of memory is a zombie or a kernel thread, and stays so.)
 */
async function pidsMarked(mark: string): Promise<readonly number[]> {
  const found: number[] = [];
  const seen = new Set<number>([process.pid]);
  let empty = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const again = empty;
    empty = new Set();
    let gone = 0;
    await scan(
      pids().filter((pid) => !seen.has(pid) || again.has(pid)),
      (pid) => {
        seen.add(pid);
        const environ = read(`/proc/${pid}/environ`);
        if (environ === undefined) gone++;
        else if (environ !== '') found.push(...(hasMark(environ, mark) ? [pid] : []));
        else if (!again.has(pid)) empty.add(pid);
      },
    );
    if (gone === 0 && empty.size === 0) break;
  }
  return found;
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

function row(pid: number): ProcessRow | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : parseStat(pid, stat);
}

/** See proc(5): the name in parentheses may itself have spaces and parentheses. */
export function parseStat(pid: number, stat: string): ProcessRow | undefined {
  const [state, parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const started = rest[15];
  if (started === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid, started, parent: Number(parent), group: Number(group), session: Number(session) };
}

function same(known: ProcessRow): ProcessRow | undefined {
  const now = row(known.pid);
  return now?.started === known.started ? now : undefined;
}

function some(rows: readonly (ProcessRow | undefined)[]): readonly ProcessRow[] {
  return rows.filter((found) => found !== undefined);
}

function kill(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in this very moment, or is another user's.
  }
}

const buffer = Buffer.allocUnsafe(64 * 1024);
/** What a file that we may not read seems to hold: something, and no mark. */
const DENIED = '\0';

/** The whole file byte by byte; undefined where the process is gone. */
function read(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    let text = '';
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, null);
      text += buffer.toString('latin1', 0, count);
      if (count < buffer.length) return text;
    }
  } catch (thrown) {
    const code = codeOf(thrown);
    return code === 'ENOENT' || code === 'ESRCH' ? undefined : DENIED;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
