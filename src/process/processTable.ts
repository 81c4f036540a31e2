import type { Clock } from '../base/clock.ts';
import { procfs } from './procfs.ts';
import { psTable } from './psTable.ts';

/** One living process. A pid is used again after its end: `started` tells the two apart. */
export interface ProcessRow {
  readonly pid: number;
  readonly started: string;
  readonly parent: number;
  readonly group: number;
  /** The pid of the session's leader; 0 where the system does not say. */
  readonly session: number;
}

/** The system's processes: the seam between the platforms. Zombies are not in it. */
export interface ProcessTable {
  rows(): Promise<readonly ProcessRow[]>;
  /** The processes that were started with `RELAY_ATTEMPT` equal to `mark`, or to something below it (`mark/…`). */
  marked(mark: string): Promise<readonly ProcessRow[]>;
  /** Those of these that still live. */
  living(rows: readonly ProcessRow[]): Promise<readonly ProcessRow[]>;
  /** Signals each of these that is still the same process at that moment. */
  signal(rows: readonly ProcessRow[], signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Undefined on Windows, which shows neither groups nor another process's environment. */
export function processTable(clock: Clock): ProcessTable | undefined {
  if (process.platform === 'win32') return undefined;
  return process.platform === 'linux' ? procfs : psTable(clock);
}
