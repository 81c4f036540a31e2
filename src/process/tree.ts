import type { Clock } from '../base/clock.ts';
import { endByTaskkill, signalGroup } from './group.ts';
import { processTable, type ProcessRow, type ProcessTable } from './processTable.ts';
import { firstOf, keepingAlive, until } from './waiting.ts';

/** All that came of one program: its group and session, what is below it, and whatever carries its mark. */
export interface Tree {
  /** The pid of the program itself, which leads a group of its own. */
  readonly leader: number;
  readonly exited: Promise<unknown>;
  hasExited(): boolean;
  readonly mark: string;
}

/** How long a process is waited for after SIGTERM, and after SIGKILL (one that the kernel holds does not end at all). */
const GRACE_MS = 2000;
const KILL_LIMIT_MS = 5000;

/**
 * Ends a whole tree, or what is left of it after its program has exited: SIGTERM, up to `graceMs`, then SIGKILL until
 * nobody is found. Resolves with the pids that would not end (almost always none).
 *
 * Linux finds children that fled into a session of their own by the mark in their environment; one that also cleared its
 * environment and lost its parent before is not found. Elsewhere see ProcessTable; on Windows the tree is found only while
 * its program lives (neither macOS nor Windows was run yet).
 */
export function endTree(tree: Tree, clock: Clock, graceMs = GRACE_MS): Promise<readonly number[]> {
  const table = processTable(clock);
  return keepingAlive(table === undefined ? endOnWindows(tree) : end(tree, table, clock, graceMs));
}

/**
 * Ends, by force and at once, every process with this mark or one below it, and what is below them: what a host that died
 * has left. Never ends the caller. Resolves with the pids that would not end.
 */
export function endMarked(mark: string, clock: Clock): Promise<readonly number[]> {
  const table = processTable(clock);
  if (table === undefined) return Promise.resolve([]);
  const kill = (rows: readonly ProcessRow[]): Promise<void> => table.signal(rows, 'SIGKILL');
  return keepingAlive(killAll(() => withBelow(table, mark), kill, clock));
}

async function end(tree: Tree, table: ProcessTable, clock: Clock, graceMs: number): Promise<readonly number[]> {
  // Taken before the first signal: a child whose parent is gone cannot be told from a stranger.
  const known = await membersOf(tree, table);
  if (known.length === 0) return [];
  const start = clock.monotonic();
  await terminate(tree, known, table);
  if ((await firstOf(tree.exited, { timeoutMs: graceMs }, clock)) === 'over') {
    const left = graceMs - (clock.monotonic() - start);
    await until(async () => (await table.living(known)).length === 0, left, clock);
  }
  const everyone = async (): Promise<readonly ProcessRow[]> =>
    union(await membersOf(tree, table), await table.living(known));
  const kill = (rows: readonly ProcessRow[]): Promise<void> => {
    // At one blow first: a group that forks without end outruns any list of it.
    if (rows.some(({ group }) => group === tree.leader)) signalGroup(tree.leader, 'SIGKILL');
    return table.signal(rows, 'SIGKILL');
  };
  return killAll(everyone, kill, clock);
}

/** The group by one signal, so that nobody in it is missed; those outside one by one. */
async function terminate(tree: Tree, known: readonly ProcessRow[], table: ProcessTable): Promise<void> {
  const byGroup = !tree.hasExited() && signalGroup(tree.leader, 'SIGTERM');
  await table.signal(byGroup ? known.filter(({ group }) => group !== tree.leader) : known, 'SIGTERM');
}

async function killAll(
  find: () => Promise<readonly ProcessRow[]>,
  kill: (rows: readonly ProcessRow[]) => Promise<void>,
  clock: Clock,
): Promise<readonly number[]> {
  let left: readonly ProcessRow[] = [];
  const none = async (): Promise<boolean> => {
    left = await find();
    await kill(left);
    return left.length === 0;
  };
  await until(none, KILL_LIMIT_MS, clock);
  return left.map(({ pid }) => pid);
}

async function membersOf(tree: Tree, table: ProcessTable): Promise<readonly ProcessRow[]> {
  // The common case is a program that left nothing: no second look at all processes for it.
  if (tree.hasExited() && !signalGroup(tree.leader, 0)) return withBelow(table, tree.mark);
  const marked = await table.marked(tree.mark);
  const rows = await table.rows();
  // A process with the leader's pid that came after its end is a stranger, and so is its group.
  const isTaken = tree.hasExited() && rows.some(({ pid }) => pid === tree.leader);
  const isIn = ({ pid, group, session }: ProcessRow): boolean =>
    pid === tree.leader || group === tree.leader || session === tree.leader;
  return below(rows, isTaken ? marked : union(marked, rows.filter(isIn)));
}

async function withBelow(table: ProcessTable, mark: string): Promise<readonly ProcessRow[]> {
  const marked = await table.marked(mark);
  return marked.length === 0 ? [] : below(await table.rows(), marked);
}

/** These, and all that descend from them; never the relay itself. */
export function below(rows: readonly ProcessRow[], roots: readonly ProcessRow[]): readonly ProcessRow[] {
  const children = new Map<number, ProcessRow[]>();
  for (const row of rows) children.set(row.parent, [...(children.get(row.parent) ?? []), row]);
  const found = new Map<number, ProcessRow>();
  const open = [...roots];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.pid === process.pid || found.has(next.pid)) continue;
    found.set(next.pid, next);
    open.push(...(children.get(next.pid) ?? []));
  }
  return [...found.values()];
}

function union(a: readonly ProcessRow[], b: readonly ProcessRow[]): readonly ProcessRow[] {
  return [...new Map([...a, ...b].map((row) => [row.pid, row])).values()];
}

async function endOnWindows(tree: Tree): Promise<readonly number[]> {
  if (!tree.hasExited()) await endByTaskkill(tree.leader);
  return [];
}
