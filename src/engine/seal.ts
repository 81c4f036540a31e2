import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Bundle } from '../checks/bundle.ts';
import { certificateOf } from '../checks/certificate.ts';
import type { Artifact, Check } from '../domain/artifact.ts';
import type { Outcome } from '../domain/event.ts';
import type { ProofEnvironment } from '../domain/certificate.ts';
import type { Provenance, Report } from '../domain/executor.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { RunningJob } from '../domain/job.ts';
import type { IoError } from '../store/ioError.ts';
import type { Stored, Vault } from '../store/vault.ts';
import type { AttemptLog } from './attemptLog.ts';
import { outMarkdown, pullRequest } from './documents.ts';
import type { AttemptEnd } from './runner.ts';

/** Why an attempt cannot go on: a failure to tell, or a signal that was raised. */
export type Stop = { readonly kind: 'failed'; readonly failure: Failure } | { readonly kind: 'stopped' };

/** What an attempt came to have, as far as it came. */
export interface Sealable {
  readonly report?: Report;
  readonly bundle?: Bundle;
  readonly checks?: readonly Check[];
  readonly provenance?: Provenance;
}

export interface SealOptions {
  readonly job: RunningJob;
  readonly signal: AbortSignal;
  readonly log: AttemptLog;
  readonly vault: Vault;
  readonly clock: Clock;
  /** Where the proof was made. */
  readonly environment: ProofEnvironment;
}

/** Changed files that a job's own record lists; the patch has them all. */
const LISTED_FILES = 500;

/** The longest pause between two tries to keep an artifact. */
const LONGEST_WAIT_MS = 32_000;

/** Closes the log, writes the artifacts and tells the end. The vault has them before anybody hears of it. */
export async function seal(options: SealOptions, stop: Stop | undefined, made: Sealable): Promise<AttemptEnd> {
  const { job, log, vault } = options;
  await log.close();
  if (stop?.kind === 'stopped') {
    const kept = await keep(options, 'logs.txt', () => vault.putFile(log.path));
    return { kind: 'stopped', artifacts: kept.ok ? [kept.value] : [] };
  }
  const files = made.bundle?.files ?? [];
  const told = {
    job,
    files: files.slice(0, LISTED_FILES),
    fileCount: files.length,
    checks: made.checks ?? [],
    ...(made.report === undefined ? {} : { report: made.report }),
    ...(stop === undefined ? {} : { failure: stop.failure }),
  };
  const texts: readonly (readonly [Artifact['name'], Uint8Array])[] = [
    ...(made.bundle === undefined ? [] : [['patch.diff', made.bundle.patch] as const]),
    ['out.md', Buffer.from(outMarkdown(told))],
    ...(stop === undefined ? [['pr.json', Buffer.from(pullRequest(told))] as const] : []),
    ...certificate(options, stop?.failure, made),
  ];
  const stored = await Promise.all([
    ...texts.map(([name, bytes]) => keep(options, name, () => vault.put(bytes))),
    keep(options, 'logs.txt', () => vault.putFile(log.path)),
  ]);
  const artifacts = stored.flatMap((kept) => (kept.ok ? [kept.value] : []));
  const lost = stored.find((kept) => !kept.ok);
  const checks = [...told.checks];
  if (lost?.ok === false) {
    return { kind: 'failed', failure: lost.error, outcome: { checks, artifacts, files: [], fileCount: 0 } };
  }
  const outcome: Outcome = {
    ...(made.report?.summary === undefined ? {} : { summary: made.report.summary }),
    ...(made.report?.usage === undefined ? {} : { usage: made.report.usage }),
    checks,
    artifacts,
    files: [...told.files],
    fileCount: files.length,
    ...(made.bundle === undefined ? {} : { resultTree: made.bundle.resultTree }),
  };
  return stop === undefined ? { kind: 'succeeded', outcome } : { kind: 'failed', failure: stop.failure, outcome };
}

/** Of an attempt that came as far as to a patch. */
function certificate(
  { job, environment, clock }: SealOptions,
  failure: Failure | undefined,
  { bundle, checks = [], provenance }: Sealable,
): readonly (readonly ['certificate.json', Uint8Array])[] {
  if (bundle === undefined || provenance === undefined) return [];
  const why = failure === undefined ? {} : { failure };
  const told = certificateOf({ job, bundle, checks, provenance, environment, finishedAt: clock.now(), ...why });
  return [['certificate.json', Buffer.from(`${JSON.stringify(told, undefined, 2)}\n`)]];
}

/** A full disk may have room again in a moment: the work of an attempt is worth waiting for. */
async function keep(
  { clock, signal }: SealOptions,
  name: Artifact['name'],
  put: () => Promise<Result<Stored, IoError>>,
): Promise<Result<Artifact, Failure>> {
  for (let wait = 1000; ; wait *= 2) {
    const stored = await put();
    if (stored.ok) return ok({ name, ...stored.value });
    if (wait > LONGEST_WAIT_MS || signal.aborted) {
      const why = `The relay could not keep ${name}: ${stored.error.message}. Make room, then retry the job.`;
      return err(failure('INTERNAL_ERROR', why));
    }
    await clock.pause(wait);
  }
}
