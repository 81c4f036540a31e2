import type { Clock } from '../base/clock.ts';
import { MARK } from './mark.ts';
import type { ProcessRow, ProcessTable } from './processTable.ts';
import { run } from './spawn.ts';

/** How this system's `ps` is asked for each process with its environment behind its command. */
const WITH_ENVIRONMENT: readonly string[] = process.platform === 'linux' ? ['axeww'] : ['-axEww'];
const COLUMNS = 'pid=,ppid=,pgid=,stat=,lstart=';

/** macOS and the BSDs: `ps`. Not run on macOS yet; on Linux its tests run against procps. */
export function psTable(clock: Clock): ProcessTable {
  const ps = async (args: readonly string[]): Promise<string> => {
    const env = { PATH: '/bin:/usr/bin:/usr/local/bin', LC_ALL: 'C' };
    const done = await run({ file: 'ps', args, cwd: '/', env, maxOutput: 64 * 1024 * 1024 }, clock);
    return done.ok ? done.value.stdout.toString('latin1') : '';
  };
  const rows = async (): Promise<readonly ProcessRow[]> => parseRows(await ps(['-axo', COLUMNS]));
  const living = async (known: readonly ProcessRow[]): Promise<readonly ProcessRow[]> => {
    const now = new Map((await rows()).map((row) => [row.pid, row]));
    return known.filter(({ pid, started }) => now.get(pid)?.started === started);
  };
  return {
    rows,
    living,
    async marked(mark) {
      const pids = parseMarked(await ps([...WITH_ENVIRONMENT, '-o', 'pid=,command=']), mark);
      return pids.size === 0 ? [] : (await rows()).filter(({ pid }) => pids.has(pid) && pid !== process.pid);
    },
    async signal(known, signal) {
      for (const { pid } of await living(known)) {
        try {
          process.kill(pid, signal);
        } catch {
          // It ended in this very moment, or is another user's.
        }
      }
    },
  };
}

/** Lines of `pid ppid pgid stat lstart`; zombies are left out. */
export function parseRows(text: string): readonly ProcessRow[] {
  return text.split('\n').flatMap((line) => {
    const match = /^ *(\d+) +(\d+) +(\d+) +(\S+) +(.+?) *$/.exec(line);
    if (match === null) return [];
    const [, pid, parent, group, state = '', started = ''] = match;
    if (state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), session: 0, started }];
  });
}

/** The pids of the lines whose command or environment has the mark, or one below it. */
export function parseMarked(text: string, mark: string): ReadonlySet<number> {
  const entry = ` ${MARK}=${mark}`;
  const marked = text.split('\n').filter((line) => {
    const at = line.indexOf(entry);
    return at >= 0 && ['', ' ', '/'].includes(line.charAt(at + entry.length));
  });
  return new Set(marked.map((line) => Number.parseInt(line, 10)));
}
