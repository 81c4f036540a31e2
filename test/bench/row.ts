import { arch, cpus, platform, release, totalmem } from 'node:os';
import { execFileSync } from 'node:child_process';

/** One line of the table: what was measured, and whether it keeps its bound. `told` has none. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: string;
  readonly bound: string;
  readonly verdict: 'ok' | 'MISSED' | 'told' | 'skipped';
}

/** A figure with its unit. */
export interface Figure {
  readonly value: number;
  readonly unit: 'ms' | '/s' | 'MB' | 'MB/s';
}

export const ms = (value: number): Figure => ({ value, unit: 'ms' });
export const perSecond = (value: number): Figure => ({ value, unit: '/s' });
export const megabytes = (value: number): Figure => ({ value, unit: 'MB' });
export const megabytesPerSecond = (value: number): Figure => ({ value, unit: 'MB/s' });

/** Ours may be `most` times the peer's at most. */
export function atMost(what: string, ours: Figure, peer: Figure, most: number): Row {
  const ratio = ours.value / peer.value;
  return compared(what, ours, peer, `≤ ${most.toFixed(2)} ×`, ratio <= most);
}

/** Ours must be `least` times the peer's at least. */
export function atLeast(what: string, ours: Figure, peer: Figure, least: number): Row {
  const ratio = ours.value / peer.value;
  return compared(what, ours, peer, `≥ ${least.toFixed(2)} ×`, ratio >= least);
}

/** A figure with a limit of its own, which depends on the machine. */
export function limited(what: string, ours: Figure, limit: Figure, verb: 'at most' | 'below'): Row {
  const isKept = verb === 'below' ? ours.value < limit.value : ours.value <= limit.value;
  const bound = `${verb === 'below' ? '<' : '≤'} ${limit.value} ${limit.unit}`;
  return { what, ours: shown(ours), peer: '', ratio: '', bound, verdict: isKept ? 'ok' : 'MISSED' };
}

export function told(what: string, ours: Figure, peer?: Figure): Row {
  const ratio = peer === undefined ? '' : `${(ours.value / peer.value).toFixed(2)} ×`;
  return { what, ours: shown(ours), peer: peer === undefined ? '' : shown(peer), ratio, bound: '', verdict: 'told' };
}

export function skipped(what: string, why: string): Row {
  return { what, ours: why, peer: '', ratio: '', bound: '', verdict: 'skipped' };
}

function compared(what: string, ours: Figure, peer: Figure, bound: string, isKept: boolean): Row {
  return {
    what,
    ours: shown(ours),
    peer: shown(peer),
    ratio: `${(ours.value / peer.value).toFixed(2)} ×`,
    bound,
    verdict: isKept ? 'ok' : 'MISSED',
  };
}

function shown({ value, unit }: Figure): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return unit === '/s' ? `${value.toFixed(0)}/s` : `${value.toFixed(digits)} ${unit}`;
}

const HEAD: Row = { what: 'measured', ours: 'ours', peer: 'floor/peer', ratio: 'ratio', bound: 'bound', verdict: 'ok' };
const COLUMNS = ['what', 'ours', 'peer', 'ratio', 'bound', 'verdict'] as const;

export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows].map((row, index) =>
    COLUMNS.map((column) => (index === 0 && column === 'verdict' ? '' : row[column])),
  );
  const widths = COLUMNS.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const drawn = lines.map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
  drawn.splice(1, 0, '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)));
  return drawn.map((line) => line.trimEnd()).join('\n');
}

/** What the figures were measured on. */
export function machine(): string {
  const git = execFileSync('git', ['--version'], { encoding: 'utf8' }).trim();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const cores = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`;
  return `${cores}, ${memory}, ${platform()} ${release()} ${arch()}, node ${process.version}, ${git}`;
}
