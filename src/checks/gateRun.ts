import { never } from '../base/result.ts';
import type { Stored, TestTally } from '../domain/artifact.ts';
import type { Gate } from '../domain/jobSpec.ts';
import type { TestReport } from './testReport.ts';

/** How one run of a gate's command ended. `unready`: it was not run, since its checkout or its setup failed. */
export type GateEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signaled'; readonly signal: string }
  | { readonly kind: 'late'; readonly seconds: number }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unready'; readonly by: 'setup' | 'relay'; readonly why: string };

/** One run of a gate in a clean checkout. `tail` is the end of what it printed. */
export interface GateRun {
  readonly end: GateEnd;
  readonly tail: string;
  readonly report: TestReport;
}

/** A gate on one side: a run that failed is repeated once. */
export interface Side {
  readonly first: GateRun;
  readonly repeated?: GateRun;
}

export type On = 'result' | 'baseline';

/** Where one gate runs, and where all that its runs print is kept. */
export interface GatePlace {
  run(on: On, isRepeated: boolean): Promise<GateRun>;
  /** The whole output, in the vault; undefined where it could not be kept. The last call. */
  keep(): Promise<Stored | undefined>;
}

export interface GateGround {
  open(gate: Gate): Promise<GatePlace>;
}

export function isPass({ end }: GateRun): boolean {
  return end.kind === 'exited' && end.exitCode === 0;
}

/** The shell's own codes (POSIX): what it should run is not there, or is not executable. */
export function isUnstartable({ end }: GateRun): boolean {
  return end.kind === 'exited' && (end.exitCode === 126 || end.exitCode === 127);
}

/** The run that counts. */
export function lastOf({ first, repeated }: Side): GateRun {
  return repeated ?? first;
}

export function isFlaky({ first, repeated }: Side): boolean {
  return repeated !== undefined && !isPass(first) && isPass(repeated);
}

export function sideEnd({ first, repeated }: Side): string {
  if (repeated === undefined) return howEnded(first);
  const [one, two] = [howEnded(first), howEnded(repeated)];
  return one === two ? `${one} twice` : `${one}, then ${two}`;
}

export function howEnded({ end }: GateRun): string {
  switch (end.kind) {
    case 'exited':
      return `exit ${String(end.exitCode)}`;
    case 'signaled':
      return `ended by ${end.signal}`;
    case 'late':
      return `it ran past its time limit of ${String(end.seconds)} s`;
    case 'stopped':
      return 'it was stopped';
    case 'unready':
      return end.by === 'setup' ? `setup failed (${end.why})` : `it could not be run (${end.why})`;
    default:
      return never(end);
  }
}

/** `12 tests passed, 1 failed`; nothing where nothing was reported. */
export function tallyText({ passed, failed, skipped }: TestTally): string {
  const parts = [
    `${String(passed)} tests passed`,
    ...(failed === 0 ? [] : [`${String(failed)} failed`]),
    ...(skipped === 0 ? [] : [`${String(skipped)} skipped`]),
  ];
  return parts.join(', ');
}
