import type { Stored } from '../domain/artifact.ts';
import type { Gate } from '../domain/jobSpec.ts';
import type { Redactor } from './redactor.ts';
import type { TestReport } from './testReport.ts';

/** How one run of a gate's command ended. `unready`: it was not run, since its checkout or its setup
 * failed; `isFinal`, where a second try would tell nothing else. */
export type GateEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signaled'; readonly signal: string }
  | { readonly kind: 'late'; readonly seconds: number }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unready'; readonly by: 'setup' | 'relay'; readonly why: string; readonly isFinal: boolean };

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
  /** All that the runs printed, as far as it is kept. */
  printed(): Promise<Buffer>;
  /** The whole output, in the vault, without the secrets in it; undefined where it could not be kept. The last call. */
  keep(redactor: Redactor): Promise<Stored | undefined>;
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

export function runsOf({ first, repeated }: Side): readonly GateRun[] {
  return repeated === undefined ? [first] : [first, repeated];
}
